// SPDX-License-Identifier: Apache-2.0
#include "rehearsal_checks.hpp"

#include <utility>

#include "check_names.hpp"

namespace godwit::server {
namespace {

using VerdictKind = policy::Verdict::Kind;

// Which check refused: the last that had a word.
std::string refusing_check(const policy::CheckChain& chain) {
  std::string name = "checks";
  for (const auto& opinion : chain.opinions())
    if (opinion.kind == VerdictKind::reject || opinion.kind == VerdictKind::defer)
      name = "checks." + std::string(opinion.check);
  return name;
}

}  // namespace

RehearsalChecks::RehearsalChecks(const RehearsalRules& all, const PastEnvelope& envelope,
                                 const smtp::ReversePath& sender) {
  const auto& rules = all.rules;
  const auto& client = envelope.client;
  facts_.hostname = rules.settings.hostname;
  facts_.service = client.service;
  facts_.client = client.address;
  facts_.user = client.user;
  facts_.stranger = client.account.empty() && client.service != smtp::Service::local &&
                    !(client.service == smtp::Service::mx && policy::is_trusted(rules.policy, client));
  facts_.hello = {.extended = true, .name = envelope.hello};
  facts_.account = client.account;
  facts_.sender = sender;
  if (facts_.stranger && client.service == smtp::Service::mx && rules.verification.verify) {
    policy::Origin origin{.client = client.address, .hello = envelope.hello, .sender = sender};
    sender_ = std::make_unique<policy::SenderAuthentication>(rules.verification, nullptr, all.checks->resolver,
                                                             all.checks->clock, std::move(origin));
  }
  ListenerSettings listener;
  listener.service = client.service;
  const auto list = rules.checks.find(check_names(listener, rules.policy.checks));
  if (list != rules.checks.end() && !list->second->empty())
    chain_ = std::make_unique<policy::CheckChain>(list->second, rules.policy.checks, *all.checks);
}

boost::asio::awaitable<RehearsalChecks::Answer> RehearsalChecks::recipient(smtp::Mailbox asked) {
  Answer answer;
  if (sender_) {
    auto checking = sender_->check_sender();
    answer.refusal = co_await std::move(checking);
    answer.rule = "spf";
    if (answer.refusal) co_return answer;
    facts_.identity = sender_->identity();
  }
  if (!chain_) co_return answer;
  auto facts = facts_;
  facts.recipient = std::move(asked);
  auto asking = chain_->recipient(std::move(facts));
  answer.refusal = co_await std::move(asking);
  answer.rule = answer.refusal ? refusing_check(*chain_) : std::string();
  co_return answer;
}

}  // namespace godwit::server
