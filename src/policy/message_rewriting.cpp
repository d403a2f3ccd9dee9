// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/message_rewriting.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/mail/header_rules.hpp"

namespace godwit::policy {
namespace {

using boost::asio::awaitable;

constexpr std::size_t asked_at_once = 16;  // between two looks at the clock
constexpr std::size_t longest_summary = 500;

}  // namespace

MessageRewriting::MessageRewriting(std::shared_ptr<const route::Canonical> canonical,
                                   std::vector<mail::HeaderRule> rules, const base::Clock& clock)
    : canonical_(std::move(canonical)), rules_(std::move(rules)), clock_(clock), splitter_(longest_header) {}

awaitable<base::Result<std::string>> MessageRewriting::put(std::string bytes) {
  if (passed_) co_return bytes;
  std::string body;
  if (auto fits = splitter_.put(bytes, body); !fits) co_return std::unexpected(fits.error());
  if (!splitter_.ended()) co_return std::string();
  auto passing = pass(std::move(body));
  co_return co_await std::move(passing);
}

awaitable<base::Result<std::string>> MessageRewriting::finish() {
  if (passed_) co_return std::string();
  std::string body;
  splitter_.finish(body);
  auto passing = pass(std::move(body));
  co_return co_await std::move(passing);
}

awaitable<base::Result<std::string>> MessageRewriting::pass(std::string body) {
  passed_ = true;
  auto rewriting = rewrite(splitter_.take_header());
  auto header = co_await std::move(rewriting);
  if (!header) co_return std::unexpected(header.error());
  for (const auto& rule : rules_) {
    std::vector<std::string> done;
    *header = mail::apply_header_rules(*header, {rule}, done);
    for (const auto& one : done) tell(one);
  }
  co_return *header + "\r\n" + body;
}

awaitable<base::Result<std::string>> MessageRewriting::rewrite(std::string header) {
  if (!canonical_) co_return header;
  const auto found = mail::header_addresses(header);
  if (found.size() > most_addresses)
    co_return base::fail(base::ErrorKind::exhausted,
                         fmt::format("the header names more than {} addresses", most_addresses));
  const auto deadline = clock_.mono() + patience;
  std::vector<smtp::Mailbox> by;
  while (by.size() < found.size()) {
    if (clock_.mono() >= deadline) co_return base::fail(base::ErrorKind::io, "the tables answer too slowly");
    std::vector<route::Canonical::Question> some;
    const auto end = std::min(found.size(), by.size() + asked_at_once);
    for (auto i = by.size(); i < end; ++i)
      some.push_back({.address = found[i].address.mailbox, .is_sender = found[i].is_sender});
    auto asking = canonical_->rewrite(std::move(some));
    auto answers = co_await std::move(asking);
    if (!answers) co_return std::unexpected(answers.error());
    std::ranges::move(*answers, std::back_inserter(by));
  }
  for (std::size_t i = 0; i < by.size(); ++i)
    if (by[i] != found[i].address.mailbox)
      tell(fmt::format("{}={}", smtp::to_string(found[i].address.mailbox), smtp::to_string(by[i])));
  co_return mail::replace_addresses(header, found, by);
}

void MessageRewriting::tell(const std::string& what) {
  if (summary_.size() + what.size() > longest_summary || summary_.contains(what)) return;
  if (!summary_.empty()) summary_ += ' ';
  summary_ += what;
}

}  // namespace godwit::policy
