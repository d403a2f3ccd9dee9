// SPDX-License-Identifier: Apache-2.0
// What the administrator's rules make of a message that is received: other addresses and fields, copies.
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "receiver.hpp"

namespace godwit::server {
namespace {

constexpr std::size_t longest_note = 500;

smtp::event::Refused not_now(std::string_view what) {
  return {.why = smtp::event::RefusedWhy::policy,
          .reply = smtp::make_reply(451, {4, 3, 0}, fmt::format("{} cannot be looked up now", what))};
}

}  // namespace

// Our own mail is signed as it leaves, that of strangers verified and checked as it came.
boost::asio::awaitable<bool> Receiver::alter_and_inspect(std::string& bytes, bool is_last) {
  if (unaltered_) co_return false;
  if (rewrites(false)) {
    const bool altered = co_await alter(bytes, is_last);
    if (!altered) co_return false;
  }
  inspect(bytes);
  if (is_last && inspection_ && !inspects_as_stored()) inspection_->finish(bytes);
  if (!rewrites(true)) co_return true;
  keep_header(bytes);
  co_return co_await alter(bytes, is_last);
}

boost::asio::awaitable<bool> Receiver::alter(std::string& bytes, bool is_last) {
  auto putting = alterations_.rewriting->put(std::move(bytes));
  auto passed = co_await std::move(putting);
  if (passed && is_last) {
    auto finishing = alterations_.rewriting->finish();
    auto rest = co_await std::move(finishing);
    if (rest)
      *passed += *rest;
    else
      passed = std::move(rest);
  }
  if (passed) {
    bytes = std::move(*passed);
    co_return true;
  }
  if (passed.error().kind == base::ErrorKind::exhausted) {
    unaltered_ = smtp::event::Refused{.why = smtp::event::RefusedWhy::policy,
                                      .reply = smtp::make_reply(552, {5, 3, 4}, passed.error().message)};
  } else {
    outage_ = passed.error().message;
    unaltered_ = not_now("Its addresses");
  }
  co_return false;
}

// Without its copies it is not taken.
boost::asio::awaitable<std::optional<smtp::ServerEvent>> Receiver::copy(mail::Envelope& envelope) {
  auto adding = alterations_.copies->add(envelope, given_sender_, asked_);
  const auto added = co_await std::move(adding);
  if (!added) {
    outage_ = added.error().message;
    co_return not_now("The address of a copy");
  }
  copied_ = base::join(*added, ",");
  co_return std::nullopt;
}

void Receiver::rewrite_sender(smtp::Mailbox sender) {
  if (sender_) note_rewritten(*sender_, sender);
  sender_ = std::move(sender);
}

void Receiver::note_rewritten(const smtp::Mailbox& before, const smtp::Mailbox& after) {
  if (before == after || envelope_rewritten_.size() > longest_note) return;
  if (!envelope_rewritten_.empty()) envelope_rewritten_ += ' ';
  envelope_rewritten_ += fmt::format("<{}>=<{}>", smtp::to_string(before), smtp::to_string(after));
}

std::string Receiver::rewritten() const {
  const auto header = alterations_.rewriting ? alterations_.rewriting->summary() : std::string();
  return envelope_rewritten_ + (envelope_rewritten_.empty() || header.empty() ? "" : " ") + header;
}

}  // namespace godwit::server
