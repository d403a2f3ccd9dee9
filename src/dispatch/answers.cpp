// SPDX-License-Identifier: Apache-2.0
#include "answers.hpp"

#include <utility>

#include "godwit/policy/suppression.hpp"

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

}  // namespace

Answers answers_for(const Transaction& transaction, const route::Router& router,
                    const state::Suppressions* suppressions) {
  Answers answers;
  for (const auto index : transaction.recipients) {
    const auto& recipient = transaction.message->envelope.recipients[index];
    auto& answer = answers.emplace_back();
    if (recipient.expanded_alias) {
      answer = expanded(recipient);
    } else if (suppressions != nullptr && !router.is_local_domain(recipient.address.domain)) {
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
