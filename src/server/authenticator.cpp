// SPDX-License-Identifier: Apache-2.0
#include "authenticator.hpp"

#include <utility>

namespace godwit::server {
namespace {

using Kind = auth::AuthOutcome::Kind;
using Outcome = smtp::event::AuthResult::Outcome;

smtp::ChannelBindings bindings_of(const net::TlsInfo* tls) {
  if (tls == nullptr) return {};
  return {.exporter = tls->channel_binding, .end_point = tls->end_point};
}

Outcome outcome_of(Kind kind) {
  switch (kind) {
    case Kind::accepted:
      return Outcome::accepted;
    case Kind::rejected:
      return Outcome::rejected;
    case Kind::malformed:
      return Outcome::malformed;
    case Kind::unavailable:
    case Kind::abandoned:
      break;
  }
  return Outcome::unavailable;
}

}  // namespace

boost::asio::awaitable<Authenticator::Answer> Authenticator::verify(smtp::action::Authenticate credentials,
                                                                    auth::Peer peer) {
  mechanism_ = std::move(credentials.mechanism);
  const base::IpAddress client = peer.address;
  auto outcome = co_await verifier_->verify(credentials.user, std::move(credentials.password), std::move(peer));
  co_return conclude(outcome, credentials.user, client);
}

boost::asio::awaitable<Authenticator::Answer> Authenticator::exchange(smtp::action::Exchange said, auth::Peer peer,
                                                                      const net::TlsInfo* tls) {
  const base::IpAddress client = peer.address;
  if (!said.mechanism.empty()) {
    mechanism_ = std::move(said.mechanism);
    exchange_ = verifier_->begin(mechanism_, std::move(peer), bindings_of(tls));
  }
  auth::Exchange::Step step;
  step.outcome.kind = Kind::unavailable;
  if (exchange_) step = co_await exchange_->next(std::move(said.response));
  if (step.challenge) co_return smtp::event::AuthChallenge{*std::move(step.challenge)};
  const std::string user = exchange_ ? exchange_->user() : std::string();
  exchange_.reset();
  co_return conclude(step.outcome, user, client);
}

Authenticator::Answer Authenticator::conclude(const auth::AuthOutcome& outcome, const std::string& user,
                                              const base::IpAddress& client) {
  if (outcome.kind == Kind::abandoned) return {};
  const bool accepted = outcome.kind == Kind::accepted;
  log_.write(accepted ? log::Level::info : log::Level::warn, accepted ? "login" : "login_failed",
             std::initializer_list<log::Field>{
                 {"client", base::to_string(client)}, {"user", user}, {"mechanism", mechanism_}});
  smtp::event::AuthResult result;
  result.outcome = outcome_of(outcome.kind);
  result.account = outcome.account;
  return result;
}

}  // namespace godwit::server
