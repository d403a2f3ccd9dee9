// SPDX-License-Identifier: Apache-2.0
#include "authenticator.hpp"

#include <utility>

namespace godwit::server {
namespace {

namespace event = smtp::event;
using Kind = auth::AuthOutcome::Kind;
using Outcome = event::AuthResult::Outcome;

smtp::ChannelBindings bindings_of(const net::TlsInfo* tls) {
  if (tls == nullptr) return {};
  return {.exporter = tls->channel_binding, .end_point = tls->end_point};
}

event::AuthResult result_of(Outcome outcome, std::string account = {}) {
  event::AuthResult result;
  result.outcome = outcome;
  result.account = std::move(account);
  return result;
}

}  // namespace

boost::asio::awaitable<Authenticator::Answer> Authenticator::verify(smtp::action::Authenticate credentials,
                                                                    auth::Peer peer) {
  mechanism_ = std::move(credentials.mechanism);
  const base::IpAddress client = peer.address;
  if (is_locked_out(credentials.user, client)) co_return refuse(credentials.user, client);
  auto outcome = co_await verifier_->verify(credentials.user, std::move(credentials.password), std::move(peer));
  co_return conclude(outcome, credentials.user, client);
}

boost::asio::awaitable<Authenticator::Answer> Authenticator::exchange(smtp::action::Exchange said, auth::Peer peer,
                                                                      const net::TlsInfo* tls) {
  const base::IpAddress client = peer.address;
  if (!said.mechanism.empty()) {
    mechanism_ = std::move(said.mechanism);
    if (is_locked_out({}, client)) co_return refuse({}, client);
    exchange_ = verifier_->begin(mechanism_, std::move(peer), bindings_of(tls));
  }
  auth::Exchange::Step step;
  step.outcome.kind = Kind::unavailable;
  if (exchange_) step = co_await exchange_->next(std::move(said.response));
  const std::string user = exchange_ ? exchange_->user() : std::string();
  const bool locked_out = step.challenge && is_locked_out(user, client);
  if (step.challenge && !locked_out) co_return Answer{.event = event::AuthChallenge{*std::move(step.challenge)}};
  exchange_.reset();
  co_return locked_out ? refuse(user, client) : conclude(step.outcome, user, client);
}

bool Authenticator::is_locked_out(const std::string& user, const base::IpAddress& client) {
  return lockouts_->is_locked(user.empty() ? user : verifier_->name_of(user), client, clock_.wall());
}

Authenticator::Answer Authenticator::conclude(const auth::AuthOutcome& outcome, const std::string& user,
                                              const base::IpAddress& client) {
  switch (outcome.kind) {
    case Kind::accepted:
      return succeed(outcome, user, client);
    case Kind::rejected:
      return fail(outcome, user, client);
    case Kind::malformed:
      log_failure(user, client, "malformed");
      return {.event = result_of(Outcome::malformed)};
    case Kind::unavailable:
      return {.event = result_of(Outcome::unavailable)};
    case Kind::abandoned:
      break;
  }
  return {};
}

Authenticator::Answer Authenticator::succeed(const auth::AuthOutcome& outcome, const std::string& user,
                                             const base::IpAddress& client) {
  account_ = outcome.account;
  senders_ = outcome.senders;
  lockouts_->succeeded(outcome.account, client);
  log_.info("login", {{"client", base::to_string(client)}, {"user", user}, {"mechanism", mechanism_}});
  return {.event = result_of(Outcome::accepted, outcome.account)};
}

Authenticator::Answer Authenticator::fail(const auth::AuthOutcome& outcome, const std::string& user,
                                          const base::IpAddress& client) {
  log_failure(user, client, "rejected");
  const std::string account = verifier_->name_of(user);
  const auto failure = lockouts_->failed(account, client, outcome.mark, clock_.wall());
  if (failure.locked_network)
    log_.warn("login_locked_out",
              {{"client", base::to_string(client)}, {"network", base::to_string(base::client_network(client))}});
  if (failure.locked_account)
    log_.warn("login_locked_out", {{"client", base::to_string(client)}, {"account", account}});
  return {.event = result_of(Outcome::rejected), .wait = failure.delay};
}

Authenticator::Answer Authenticator::refuse(const std::string& user, const base::IpAddress& client) {
  log_failure(user, client, "locked out");
  return {.event = result_of(Outcome::locked_out), .wait = lockouts_->delay()};
}

void Authenticator::log_failure(const std::string& user, const base::IpAddress& client, std::string_view reason) {
  log_.warn("login_failed",
            {{"client", base::to_string(client)}, {"user", user}, {"mechanism", mechanism_}, {"reason", reason}});
}

}  // namespace godwit::server
