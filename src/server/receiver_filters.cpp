// SPDX-License-Identifier: Apache-2.0
// What filters make of a message that is received.
#include <utility>

#include "envelope_changes.hpp"
#include "receiver.hpp"

namespace godwit::server {
namespace {

constexpr std::size_t read_back_size = 64U << 10U;

}  // namespace

void Receiver::filter_with(Filtering filtering, smtp::BodyType body) {
  filtering_.emplace(std::move(filtering));
  content_ = std::make_unique<FilteredContent>(spool_, *incoming_, body == smtp::BodyType::binary_mime);
}

void Receiver::hold(mail::Envelope& envelope, const std::string& why) {
  if (why.empty()) return;
  envelope.held = true;
  held_ = why;
  for (auto& recipient : envelope.recipients) recipient.last_reply = why;
}

// What filters make of it.  They see what the inspection says.
boost::asio::awaitable<std::optional<smtp::ServerEvent>> Receiver::filter(mail::Envelope& envelope,
                                                                          std::string received, base::MonoTime until) {
  content_->begin_filtering(std::move(received), std::exchange(on_top_, {}));
  auto outcome = co_await filtering_->milters.message(*content_, until);
  filtered_ = std::move(outcome.summary);
  if (outcome.refusal)
    co_return smtp::event::Refused{.why = smtp::event::RefusedWhy::policy, .reply = std::move(outcome.refusal)};
  auto changing = apply(outcome.envelope, envelope, *filtering_->router);
  const auto refused = co_await std::move(changing);
  for (const auto& one : refused) filtered_ += " (refused " + one + ")";
  hold(envelope, outcome.hold);
  if (outcome.breaks_signatures) seal_.clear();
  if (content_->became_eight_bit() && envelope.body == smtp::BodyType::seven_bit)
    envelope.body = smtp::BodyType::eight_bit_mime;
  if (outcome.discard || envelope.recipients.empty()) {
    discarded_ = true;
    co_return smtp::event::Committed{incoming_->id()};
  }
  co_return co_await inspect_stored_form();
}

boost::asio::awaitable<std::optional<smtp::ServerEvent>> Receiver::inspect_stored_form() {
  if (!inspects_as_stored()) co_return std::nullopt;
  std::string ignored;
  inspection_->put(content_->head(), ignored);
  std::string piece(read_back_size, '\0');
  for (std::uint64_t offset = 0;;) {
    auto got = co_await content_->read_body(offset, piece);
    if (!got) co_return smtp::event::Refused{.why = smtp::event::RefusedWhy::unhealthy, .reply = {}};
    if (*got == 0) break;
    offset += *got;
    ignored.clear();
    inspection_->put(std::string_view(piece).substr(0, *got), ignored);
  }
  inspection_->finish(ignored);
  auto found = co_await inspection_->judge(recipients());
  verified_ = std::move(found.summary);
  on_top_ = std::move(found.header);
  co_return std::nullopt;
}

}  // namespace godwit::server
