// SPDX-License-Identifier: Apache-2.0
// What the checks that the configuration lists say to a transaction.
#include <utility>

#include "check_names.hpp"
#include "connection.hpp"

namespace godwit::server {

policy::CheckChain* Connection::checks() {
  if (checks_ || around_.checks == nullptr) return checks_.get();
  const auto list = rules_->checks.find(check_names(listener_, rules_->policy.checks));
  if (list != rules_->checks.end() && !list->second->empty())
    checks_ = std::make_unique<policy::CheckChain>(list->second, rules_->policy.checks, *around_.checks);
  return checks_.get();
}

// Neither trusted nor one of our users.  Of a client whose address a proxy does not tell, nothing can be looked up.
bool Connection::is_stranger() const {
  return !session_settings_.trusted && sender_.client.account.empty() && !is_local();
}

policy::Facts Connection::facts() const {
  policy::Facts facts;
  facts.hostname = sender_.hostname;
  facts.service = listener_.service;
  facts.client = sender_.client.address;
  if (stream_->remote().address == facts.client && !is_local()) facts.client_port = stream_->remote().port;
  facts.listener = stream_->local();
  if (!sender_.client_name.empty())
    facts.client_name = {.status = policy::ClientName::Status::found, .name = sender_.client_name};
  facts.user = sender_.client.user;
  facts.stranger = is_stranger() && sender_.client.can_be_trusted;
  facts.hello = session_.hello();
  facts.tls = shown_tls();
  facts.account = sender_.client.account;
  if (authenticator_) facts.mechanism = authenticator_->mechanism();
  facts.sender = receiver_ ? given_sender() : smtp::ReversePath();
  facts.parameters = session_.mail_parameters();
  if (receiver_) facts.identity = receiver_->identity();
  return facts;
}

boost::asio::awaitable<std::optional<smtp::Reply>> Connection::check_policy(smtp::Mailbox recipient) {
  auto known = facts();
  known.recipient = rules_->router->complete(std::move(recipient));
  auto asking = checks()->recipient(std::move(known));
  auto refusal = co_await std::move(asking);
  if (sender_.client_name.empty() && checks_->client_name().verified())
    sender_.client_name = checks_->client_name().name;
  co_return refusal;
}

// Nothing: the message may be begun.
boost::asio::awaitable<std::optional<smtp::Reply>> Connection::check_data(policy::Facts& known) {
  known = facts();
  known.recipients = receiver().asked();
  auto asking = checks_->begin_message(known);
  auto refusal = co_await std::move(asking);
  co_return refusal;
}

void Connection::end_transaction() {
  if (milters_) milters_->end_transaction();
  if (checks_) checks_->end_transaction();
}

}  // namespace godwit::server
