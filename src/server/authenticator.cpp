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

boost::asio::awaitable<Authenticator::Certified> Authenticator::certify(net::TlsInfo tls, net::PeerNames names,
                                                                        ClientCertificateSettings settings,
                                                                        auth::Peer peer) {
  using Name = ClientCertificateSettings::Name;
  const base::IpAddress client = peer.address;
  const bool required = settings.required;
  if (tls.peer_subject.empty() && !required) co_return Certified{};
  if (tls.peer_subject.empty()) co_return turn_down(tls, client, "no certificate was shown", required);
  if (tls.verify != "ok") co_return turn_down(tls, client, tls.verify, required);
  if (settings.name == Name::common_name) names.addresses = {names.common_name};
  std::erase(names.addresses, std::string());
  auto outcome = co_await verifier_->recognize(std::move(names.addresses), std::move(peer));
  if (outcome.kind == Kind::unavailable)
    co_return turn_down(tls, client, "accounts cannot be asked now", required,
                        smtp::make_reply(421, {4, 7, 0}, "Temporary authentication failure"));
  if (outcome.kind != Kind::accepted) co_return turn_down(tls, client, "it names no account", required);
  account_ = outcome.account;
  senders_ = std::move(outcome.senders);
  log_.info("login", {{"client", base::to_string(client)},
                      {"user", outcome.account},
                      {"mechanism", "certificate"},
                      {"subject", tls.peer_subject}});
  co_return Certified{.account = std::move(outcome.account)};
}

// Nobody guesses at certificates: such failures are logged, and not counted.
Authenticator::Certified Authenticator::turn_down(const net::TlsInfo& tls, const base::IpAddress& client,
                                                  std::string_view why, bool required,
                                                  std::optional<smtp::Reply> reply) {
  log_.warn("client_certificate_refused",
            {{"client", base::to_string(client)}, {"subject", tls.peer_subject}, {"reason", why}});
  if (!required) return {};
  if (reply) return {.refusal = std::move(reply)};
  return {.refusal = smtp::make_reply(554, {5, 7, 0},
                                      "A certificate that names an account here is required: " + std::string(why))};
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
