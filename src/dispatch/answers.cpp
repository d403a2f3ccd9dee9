// SPDX-License-Identifier: Apache-2.0
#include "answers.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/received.hpp"
#include "godwit/policy/suppression.hpp"
#include "spool_content.hpp"

namespace godwit::dispatch {
namespace {

using deliver::Outcome;

Outcome expanded(const mail::Recipient& alias) {
  const bool is_list = alias.owner.has_value();
  return {.kind = Outcome::Kind::delivered,
          .stage = smtp::Stage::rcpt,
          .reply = smtp::make_reply(250, {2, 0, 0}, is_list ? "Delivered to the list" : "Alias expanded"),
          .remote = false,
          .relay = "alias",
          .tls = "none",
          .success = is_list ? mail::DsnSuccess::delivered : mail::DsnSuccess::expanded};
}

Outcome suppressed(smtp::Reply reply) {
  return {.kind = Outcome::Kind::failed,
          .stage = smtp::Stage::rcpt,
          .reply = std::move(reply),
          .remote = false,
          .relay = "suppressed",
          .tls = "none"};
}

Outcome looping(const std::string& alias) {
  return {.kind = Outcome::Kind::failed,
          .stage = smtp::Stage::rcpt,
          .reply = smtp::make_reply(554, {5, 4, 6}, fmt::format("Mail loop: <{}> has forwarded it already", alias)),
          .remote = false,
          .relay = "alias",
          .tls = "none"};
}

// The alias that would forward it once more; empty: none.
std::string alias_that_loops(const mail::Recipient& recipient, const route::Router& router,
                             const std::set<std::string>& passed) {
  if (passed.empty()) return {};
  const auto alias = router.forwarding_alias(recipient);
  auto address = alias ? base::to_lower(to_string(*alias)) : std::string();
  return passed.contains(address) ? address : std::string();
}

}  // namespace

boost::asio::awaitable<std::set<std::string>> passed_before(std::shared_ptr<const spool::StoredMessage> message,
                                                            std::shared_ptr<const route::Router> router) {
  const bool is_forwarded = std::ranges::any_of(message->envelope.recipients, [&](const mail::Recipient& recipient) {
    return router->forwarding_alias(recipient).has_value();
  });
  if (!is_forwarded) co_return std::set<std::string>();
  auto reading = beginning(message->body, mail::Header::max_bytes);
  const auto text = co_await std::move(reading);
  co_return mail::delivered_to(text);
}

Answers answers_for(const Transaction& transaction, const route::Router& router,
                    const state::Suppressions* suppressions, const std::set<std::string>& passed) {
  Answers answers;
  for (const auto index : transaction.recipients) {
    const auto& recipient = transaction.message->envelope.recipients[index];
    auto& answer = answers.emplace_back();
    if (recipient.expanded_alias) {
      answer = expanded(recipient);
    } else if (const auto alias = alias_that_loops(recipient, router, passed); !alias.empty()) {
      answer = looping(alias);
    } else if (suppressions != nullptr && !router.is_ours(recipient.address.domain)) {
      if (auto refusal = policy::suppression_refusal(*suppressions, recipient.address))
        answer = suppressed(std::move(*refusal));
    }
  }
  return answers;
}

Transaction unanswered(const Transaction& transaction, const Answers& answers) {
  auto rest = transaction;
  rest.recipients.clear();
  for (std::size_t i = 0; i < answers.size(); ++i)
    if (!answers[i]) rest.recipients.push_back(transaction.recipients[i]);
  return rest;
}

void add_answers(Answers answers, deliver::Outcomes& outcomes) {
  for (std::size_t i = 0; i < answers.size(); ++i)
    if (answers[i]) outcomes.insert(outcomes.begin() + static_cast<std::ptrdiff_t>(i), std::move(*answers[i]));
}

}  // namespace godwit::dispatch
