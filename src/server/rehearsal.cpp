// SPDX-License-Identifier: Apache-2.0
#include "godwit/server/rehearsal.hpp"

#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/policy/local_user.hpp"
#include "rehearsal_checks.hpp"
#include "rewriting.hpp"

namespace godwit::server {
namespace {

using boost::asio::awaitable;

// What the session says by itself.
smtp::Reply too_large() {
  return smtp::make_reply(552, {5, 3, 4}, "Message size exceeds the limit");
}

smtp::Reply too_many() {
  return smtp::make_reply(452, {4, 5, 3}, "Too many recipients; send the message for the rest again");
}

std::optional<smtp::Reply> refusal_of_account(const RehearsalRules& rules, const policy::Client& client) {
  if (client.account.empty() || rules.knows_account(client.account)) return {};
  return smtp::make_reply(535, {5, 7, 8}, "Authentication credentials invalid");
}

std::optional<smtp::Reply> refusal_of_sender(const RehearsalRules& rules, const policy::Client& client,
                                             const smtp::ReversePath& sender) {
  if (client.service != smtp::Service::local) return policy::check_sender(client, sender, rules.rules.may_send_as);
  const policy::LocalUser user{
      .name = client.user,
      .is_trusted = client.user == rules.own_user || policy::is_trusted_user(rules.rules.policy, client.user)};
  return policy::check_local_sender(user, sender, rules.rules.router->settings());
}

std::string rule_of(const policy::RecipientDecision& decision, const smtp::Mailbox& recipient) {
  if (!decision.outage.empty()) return "tables";
  const bool relays = decision.refusal->code == 554 && decision.refusal->enhanced == smtp::EnhancedCode{5, 7, 1};
  return relays ? "relaying" : "domains." + base::to_lower(recipient.domain);
}

// checks: null where DNS is not asked.
awaitable<Rehearsal::Recipient> rehearse_recipient(const RehearsalRules& all, policy::Client client,
                                                   smtp::Mailbox asked, RehearsalChecks* checks) {
  const auto& rules = all.rules;
  Rehearsal::Recipient result{.asked = rules.router->complete(asked)};
  auto recipient = asked;
  if (rules.policy.rewriting.envelope) {
    auto rewriting = rewritten(rules, origin_of(client, policy::is_trusted(rules.policy, client)), result.asked, false);
    auto address = co_await std::move(rewriting);
    if (!address) {
      result.refusal = not_rewritten(asked);
      result.rule = "tables";
      co_return result;
    }
    if (*address != result.asked) recipient = std::move(*address);
  }
  auto checking =
      policy::check_recipient(rules.policy, client, recipient, *rules.router, route::OtherHosts::are_left_alone);
  auto decision = co_await std::move(checking);
  if (decision.refusal) result.rule = rule_of(decision, rules.router->complete(recipient));
  result.refusal = std::move(decision.refusal);
  result.recipients = std::move(decision.recipients);
  if (result.refusal || checks == nullptr) co_return result;
  auto asking = checks->recipient(result.asked);
  auto answer = co_await std::move(asking);
  result.refusal = std::move(answer.refusal);
  if (result.refusal) result.rule = std::move(answer.rule);
  co_return result;
}

void refuse(Rehearsal& rehearsal, std::optional<smtp::Reply> refusal, std::string rule) {
  if (rehearsal.refusal || !refusal) return;
  rehearsal.refusal = std::move(refusal);
  rehearsal.rule = std::move(rule);
}

}  // namespace

awaitable<Rehearsal> rehearse(const RehearsalRules& all, PastEnvelope envelope) {
  const auto& rules = all.rules;
  Rehearsal rehearsal{.sender = envelope.sender};
  if (rehearsal.sender) rehearsal.sender = rules.router->complete(std::move(*rehearsal.sender));
  refuse(rehearsal, refusal_of_account(all, envelope.client), "accounts");
  refuse(rehearsal, refusal_of_sender(all, envelope.client, rehearsal.sender), "sender");
  if (envelope.size > rules.settings.message_size) refuse(rehearsal, too_large(), "limits.message_size");
  if (rehearsal.refusal) co_return rehearsal;
  if (rehearsal.sender && rules.policy.rewriting.envelope) {
    const auto origin = origin_of(envelope.client, policy::is_trusted(rules.policy, envelope.client));
    auto rewriting = rewritten(rules, origin, *rehearsal.sender, true);
    auto sender = co_await std::move(rewriting);
    if (!sender) {
      refuse(rehearsal, not_rewritten(*rehearsal.sender), "tables");
      co_return rehearsal;
    }
    rehearsal.sender = std::move(*sender);
  }
  std::optional<RehearsalChecks> checks;
  if (all.checks != nullptr) checks.emplace(all, envelope, rehearsal.sender);
  for (std::size_t i = 0; i < envelope.recipients.size(); ++i) {
    auto asked = envelope.recipients[i];
    const auto is_last = i + 1 == envelope.recipients.size();
    // Of those that are not known by name the last one tells.
    const auto number = is_last ? envelope.asked : envelope.before + i + 1;
    if (number > rules.settings.recipients) {
      rehearsal.recipients.push_back(
          {.asked = rules.router->complete(asked), .refusal = too_many(), .rule = "limits.recipients"});
      continue;
    }
    auto asking = rehearse_recipient(all, envelope.client, std::move(asked), checks ? &*checks : nullptr);
    auto recipient = co_await std::move(asking);
    rehearsal.recipients.push_back(std::move(recipient));
  }
  co_return rehearsal;
}

}  // namespace godwit::server
