// SPDX-License-Identifier: Apache-2.0
#include "bearer_exchange.hpp"

#include <utility>

#include "godwit/smtp/bearer.hpp"

namespace godwit::auth {
namespace {

using Kind = AuthOutcome::Kind;

Exchange::Step end(Kind kind) {
  Exchange::Step step;
  step.outcome.kind = kind;
  return step;
}

}  // namespace

// What is wrong is told in a challenge; whatever the client answers, the login is rejected then (RFC 7628 section
// 3.2.3).
Exchange::Step Verifier::BearerExchange::refuse() {
  refused_ = true;
  Step step;
  step.challenge = variant_ == Variant::oauthbearer ? smtp::oauthbearer_failure(introspection_->scope())
                                                    : smtp::xoauth2_failure(introspection_->scope());
  return step;
}

boost::asio::awaitable<Exchange::Step> Verifier::BearerExchange::next(std::string response) {
  if (refused_) {
    Step step = end(Kind::rejected);
    step.outcome.mark = mark_;
    co_return step;
  }
  auto message = variant_ == Variant::oauthbearer ? smtp::parse_oauthbearer(response) : smtp::parse_xoauth2(response);
  if (!message) co_return end(Kind::malformed);
  user_ = message->user;
  Login login;  // for its mark only
  login.user = verifier_.name_of(user_);
  login.password = message->token;
  mark_ = verifier_.mark_of(login);
  auto answer = co_await introspection_->ask(std::move(message->token));
  if (answer.kind == Introspection::Answer::Kind::unavailable) {
    verifier_.parts_.log.warn("login_unavailable",
                              {{"account", user_}, {"store", "introspection"}, {"reason", answer.reason}});
    co_return end(Kind::unavailable);
  }
  if (answer.kind == Introspection::Answer::Kind::bad) {
    verifier_.parts_.log.info("token_refused", {{"account", user_}, {"reason", answer.reason}});
    co_return refuse();
  }
  const std::string account = verifier_.name_of(answer.user);
  // Nobody acts for another with a token of its own.
  if (!user_.empty() && verifier_.name_of(user_) != account) co_return refuse();
  if (user_.empty()) user_ = account;
  Step step;
  step.outcome.kind = Kind::accepted;
  step.outcome.account = account;
  co_return step;
}

}  // namespace godwit::auth
