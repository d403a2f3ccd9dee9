// SPDX-License-Identifier: Apache-2.0
#include "rewriting.hpp"

#include <algorithm>
#include <utility>

namespace godwit::server {

bool is_for(const std::vector<policy::MailOrigin>& rule, policy::MailOrigin origin) {
  return std::ranges::find(rule, origin) != rule.end();
}

policy::MailOrigin origin_of(const policy::Client& client, bool trusted) {
  if (client.service == smtp::Service::local || !client.account.empty()) return policy::MailOrigin::submitted;
  return trusted ? policy::MailOrigin::trusted : policy::MailOrigin::others;
}

bool rewrites(const Rules& rules, policy::MailOrigin origin) {
  return rules.canonical && !rules.canonical->empty() && is_for(rules.policy.rewriting.mail, origin);
}

boost::asio::awaitable<base::Result<smtp::Mailbox>> rewritten(const Rules& rules, policy::MailOrigin origin,
                                                              smtp::Mailbox address, bool is_sender) {
  address = rules.router->complete(std::move(address));
  if (!rewrites(rules, origin)) co_return address;
  std::vector<route::Canonical::Question> one;
  one.push_back({.address = address, .is_sender = is_sender});
  auto rewriting = rules.canonical->rewrite(std::move(one));
  auto answer = co_await std::move(rewriting);
  if (!answer) co_return std::unexpected(answer.error());
  co_return std::move(answer->front());
}

smtp::Reply not_rewritten(const smtp::Mailbox& address) {
  return smtp::make_reply(451, {4, 3, 0}, "<" + smtp::to_string(address) + ">: Address cannot be looked up now");
}

}  // namespace godwit::server
