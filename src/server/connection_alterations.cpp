// SPDX-License-Identifier: Apache-2.0
// What the administrator's rules change of a connection's mail: which rules are for it.
#include <algorithm>
#include <utility>

#include "connection.hpp"

namespace godwit::server {
namespace {

bool is_for(const std::vector<policy::MailOrigin>& rule, policy::MailOrigin origin) {
  return std::ranges::find(rule, origin) != rule.end();
}

}  // namespace

policy::MailOrigin Connection::origin() const {
  if (is_local() || !sender_.client.account.empty()) return policy::MailOrigin::submitted;
  return session_settings_.trusted ? policy::MailOrigin::trusted : policy::MailOrigin::others;
}

bool Connection::rewrites() const {
  return rules_->canonical && !rules_->canonical->empty() && is_for(rules_->policy.rewriting.mail, origin());
}

boost::asio::awaitable<base::Result<smtp::Mailbox>> Connection::rewritten(smtp::Mailbox address, bool is_sender) {
  address = rules_->router->complete(std::move(address));
  if (!rewrites()) co_return address;
  std::vector<route::Canonical::Question> one;
  one.push_back({.address = address, .is_sender = is_sender});
  auto rewriting = rules_->canonical->rewrite(std::move(one));
  auto answer = co_await std::move(rewriting);
  if (!answer) co_return std::unexpected(answer.error());
  co_return std::move(answer->front());
}

boost::asio::awaitable<base::Result<smtp::ReversePath>> Connection::rewritten_sender(smtp::ReversePath sender) {
  if (!sender) co_return sender;
  auto rewriting = rewritten(std::move(*sender), true);
  auto address = co_await std::move(rewriting);
  if (!address) co_return std::unexpected(address.error());
  co_return smtp::ReversePath(std::move(*address));
}

smtp::Reply Connection::cannot_rewrite(const smtp::Mailbox& address, const base::Error& error) {
  around_.log.warn("lookup_failed", {{"to", smtp::to_string(address)}, {"reason", error.message}});
  return smtp::make_reply(451, {4, 3, 0}, "<" + smtp::to_string(address) + ">: Address cannot be looked up now");
}

Alterations Connection::alterations() const {
  Alterations all;
  const auto from = origin();
  std::vector<mail::HeaderRule> rules;
  for (const auto& rule : rules_->policy.header_rules)
    if (is_for(rule.mail, from)) rules.push_back(rule.rule);
  const auto canonical = rewrites() && rules_->policy.rewriting.header ? rules_->canonical : nullptr;
  if (canonical || !rules.empty())
    all.rewriting = std::make_unique<policy::MessageRewriting>(canonical, std::move(rules), around_.clock);
  all.is_verified = from == policy::MailOrigin::others;
  policy::MessageCopies copies(rules_->policy.copies, from, rules_->router);
  if (!copies.empty()) all.copies = std::move(copies);
  return all;
}

}  // namespace godwit::server
