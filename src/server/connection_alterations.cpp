// SPDX-License-Identifier: Apache-2.0
// What the administrator's rules change of a connection's mail: which rules are for it.
#include <utility>

#include "connection.hpp"
#include "rewriting.hpp"

namespace godwit::server {
policy::MailOrigin Connection::origin() const {
  return origin_of(sender_.client, session_settings_.trusted);
}

boost::asio::awaitable<base::Result<smtp::Mailbox>> Connection::rewritten(smtp::Mailbox address, bool is_sender) {
  auto rewriting = server::rewritten(*rules_, origin(), std::move(address), is_sender);
  co_return co_await std::move(rewriting);
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
  return not_rewritten(address);
}

Alterations Connection::alterations() const {
  Alterations all;
  const auto from = origin();
  std::vector<mail::HeaderRule> rules;
  for (const auto& rule : rules_->policy.header_rules)
    if (is_for(rule.mail, from)) rules.push_back(rule.rule);
  const auto canonical = rewrites(*rules_, from) && rules_->policy.rewriting.header ? rules_->canonical : nullptr;
  if (canonical || !rules.empty())
    all.rewriting = std::make_unique<policy::MessageRewriting>(canonical, std::move(rules), around_.clock);
  all.is_verified = from == policy::MailOrigin::others;
  policy::MessageCopies copies(rules_->policy.copies, from, rules_->router);
  if (!copies.empty()) all.copies = std::move(copies);
  return all;
}

}  // namespace godwit::server
