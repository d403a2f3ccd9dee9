// SPDX-License-Identifier: Apache-2.0
#include "scram_exchange.hpp"

#include <utility>

namespace godwit::auth {
namespace {

using Kind = AuthOutcome::Kind;

Exchange::Step end(Kind kind) {
  Exchange::Step step;
  step.outcome.kind = kind;
  return step;
}

Exchange::Step end(smtp::ScramServer::Failure failure) {
  return end(failure == smtp::ScramServer::Failure::malformed ? Kind::malformed : Kind::rejected);
}

Exchange::Step challenge(std::string text) {
  Exchange::Step step;
  step.challenge = std::move(text);
  return step;
}

}  // namespace

Verifier::ScramExchange::ScramExchange(Verifier& verifier, smtp::ScramServer::Variant variant, Peer peer,
                                       const smtp::ChannelBindings& bindings)
    : verifier_(verifier),
      peer_(std::move(peer)),
      server_(variant, bindings.any(), bindings, smtp::make_scram_nonce(verifier.parts_.random)) {}

boost::asio::awaitable<Exchange::Step> Verifier::ScramExchange::next(std::string response) {
  Step step;
  switch (stage_) {
    case Stage::first:
      step = co_await first(std::move(response));
      break;
    case Stage::last:
      step = last(response);
      break;
    case Stage::confirmation:
      step = confirmation(response);
      break;
  }
  co_return step;
}

boost::asio::awaitable<Exchange::Step> Verifier::ScramExchange::first(std::string response) {
  auto user = server_.client_first(response);
  if (!user) co_return end(user.error());
  user_ = *std::move(user);
  auto login = std::make_shared<Login>();
  login->user = verifier_.name_of(user_);
  login->client = peer_.address;
  login->gone = peer_.gone;
  const std::string name = login->user;
  std::shared_ptr<const Login> asked = std::move(login);
  Answer found = co_await verifier_.find(std::move(asked));
  if (found.kind == Answer::Kind::unavailable) co_return end(Kind::unavailable);
  const bool able = found.kind == Answer::Kind::entry && can_log_in(found.account) && found.account.scram;
  if (able)
    account_ = std::move(found.account);
  else
    verifier_.report_unable(found, "locked, or without keys for SCRAM");
  stage_ = Stage::last;
  co_return challenge(server_.server_first(account_ ? *account_->scram : verifier_.decoy_keys(name)));
}

Exchange::Step Verifier::ScramExchange::last(const std::string& response) {
  auto signature = server_.client_final(response);
  if (!signature) return end(signature.error());
  if (!account_) return end(Kind::rejected);
  stage_ = Stage::confirmation;
  return challenge(*std::move(signature));
}

// RFC 4954 section 4: what a mechanism says with its success goes before it as a challenge, answered by nothing.
Exchange::Step Verifier::ScramExchange::confirmation(const std::string& response) const {
  if (!response.empty()) return end(Kind::malformed);
  Step step;
  step.outcome = {.kind = Kind::accepted, .account = account_->name, .senders = account_->senders};
  return step;
}

}  // namespace godwit::auth
