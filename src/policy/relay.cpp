// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/relay.hpp"

#include <algorithm>
#include <utility>

namespace godwit::policy {

bool is_trusted(const Settings& settings, const Client& client) {
  return client.can_be_trusted && std::ranges::any_of(settings.trusted_networks, [&](const base::IpNetwork& network) {
           return network.contains(client.address);
         });
}

std::optional<smtp::Reply> check_sender(const Client& client, const smtp::ReversePath& sender,
                                        const MaySendAs& may_send_as) {
  if (client.account.empty() || !sender || may_send_as(client.account, *sender)) return {};
  return smtp::make_reply(553, {5, 7, 1},
                          "<" + to_string(*sender) + ">: Sender address rejected: not owned by " + client.account);
}

boost::asio::awaitable<RecipientDecision> check_recipient(const Settings& settings, const Client& client,
                                                          smtp::Mailbox recipient, const route::Router& router,
                                                          route::OtherHosts others) {
  auto expanding = router.expand(router.complete(recipient), others);
  auto expansion = co_await std::move(expanding);
  RecipientDecision decision;
  decision.outage = std::move(expansion.outage);
  if (expansion.refusal) {
    decision.refusal = std::move(expansion.refusal);
    co_return decision;
  }
  const bool may_relay = !client.account.empty() || !client.user.empty() ||
                         (client.service == smtp::Service::mx && is_trusted(settings, client));
  if (!expansion.local && !may_relay)
    decision.refusal = smtp::make_reply(554, {5, 7, 1}, "<" + to_string(recipient) + ">: Relay access denied");
  else
    decision.recipients = std::move(expansion.recipients);
  co_return decision;
}

}  // namespace godwit::policy
