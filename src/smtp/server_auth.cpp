// SPDX-License-Identifier: Apache-2.0
// AUTH (RFC 4954), only under TLS: PLAIN, LOGIN and EXTERNAL here, further mechanisms outside the machine.
#include <algorithm>
#include <array>
#include <cassert>
#include <utility>
#include <vector>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "server_machine.hpp"

namespace godwit::smtp {
namespace {

constexpr std::array mechanisms{
    Mechanism::plain,       Mechanism::login,   Mechanism::scram_sha_256, Mechanism::scram_sha_256_plus,
    Mechanism::oauthbearer, Mechanism::xoauth2, Mechanism::external};

}  // namespace

bool ServerSession::Machine::offers(Mechanism mechanism) const {
  switch (mechanism) {
    case Mechanism::plain:
    case Mechanism::login:
      return settings_.offer_auth;
    case Mechanism::scram_sha_256:
      return settings_.offer_scram;
    case Mechanism::scram_sha_256_plus:
      return settings_.offer_scram && tls() && (!tls()->channel_binding.empty() || !tls()->end_point.empty());
    case Mechanism::oauthbearer:
    case Mechanism::xoauth2:
      return settings_.offer_bearer;
    case Mechanism::external:
      return tls() && !tls()->peer_subject.empty();
  }
  return false;
}

std::string ServerSession::Machine::offered_mechanisms() const {
  std::vector<std::string> names;
  if (tls_)
    for (const auto mechanism : mechanisms)
      if (offers(mechanism)) names.emplace_back(to_string(mechanism));
  return base::join(names, " ");
}

void ServerSession::Machine::auth(std::string_view argument) {
  if (!may_offer_auth()) return reject(replies::auth_not_offered);
  if (!tls_) return reject(replies::auth_needs_tls);
  if (!hello_.extended) return reject(replies::auth_needs_ehlo);
  if (logged_in_) return reject(replies::auth_twice);
  if (transaction_) return reject(replies::auth_in_transaction);
  const auto name = argument.substr(0, argument.find(' '));
  auto initial = argument.substr(name.size());
  while (initial.starts_with(' ')) initial.remove_prefix(1);
  if (name.empty() || initial.contains(' ')) return reject(replies::auth_syntax);
  const auto* mechanism = std::ranges::find_if(
      mechanisms, [&](Mechanism one) { return offers(one) && base::iequals(name, to_string(one)); });
  if (mechanism == mechanisms.end()) return reject(replies::auth_mechanism);
  if (initial.empty()) return ask_for_first(*mechanism);
  if (initial == "=") initial = {};  // RFC 4954 section 4: an empty initial response
  first_response(*mechanism, initial);
}

void ServerSession::Machine::ask_for_first(Mechanism mechanism) {
  using Prompt = AwaitingResponse::Prompt;
  AwaitingResponse awaiting;
  if (mechanism == Mechanism::login) {
    awaiting.prompt = Prompt::user;
  } else if (mechanism == Mechanism::external) {
    awaiting.prompt = Prompt::external;
  } else if (mechanism != Mechanism::plain) {
    awaiting.prompt = Prompt::exchange;
    awaiting.mechanism = to_string(mechanism);
  }
  send(mechanism == Mechanism::login ? replies::challenge_user : replies::challenge_empty);
  state_ = std::move(awaiting);
}

void ServerSession::Machine::first_response(Mechanism mechanism, std::string_view initial) {
  if (mechanism == Mechanism::plain) return plain_response(initial);
  if (mechanism == Mechanism::login) return user_response(initial);
  if (mechanism == Mechanism::external) return external_response(initial);
  exchange(to_string(mechanism), initial);
}

// A line that answers a 334; the session is back to awaiting a command unless it asks for more.
void ServerSession::Machine::response(AwaitingResponse state, std::string_view line) {
  using Prompt = AwaitingResponse::Prompt;
  if (line == "*") return reject(replies::auth_cancelled);
  if (state.prompt == Prompt::plain) return plain_response(line);
  if (state.prompt == Prompt::user) return user_response(line);
  if (state.prompt == Prompt::external) return external_response(line);
  if (state.prompt == Prompt::exchange) return exchange(state.mechanism, line);
  auto password = decode_login(line);
  if (!password) return reject(password.error());
  authenticate("LOGIN", {std::move(state.user), *std::move(password)});
}

void ServerSession::Machine::exchange(std::string_view mechanism, std::string_view response) {
  auto decoded = base::base64_decode(response);
  if (!decoded) return reject(replies::auth_malformed);
  actions_.emplace_back(action::Exchange{std::string(mechanism), *std::move(decoded)});
  state_ = Authenticating{};
}

void ServerSession::Machine::plain_response(std::string_view response) {
  auto credentials = decode_plain(response);
  if (!credentials) return reject(credentials.error());
  authenticate("PLAIN", *std::move(credentials));
}

void ServerSession::Machine::user_response(std::string_view response) {
  auto user = decode_login(response);
  if (!user) return reject(user.error());
  send(replies::challenge_password);
  state_ = AwaitingResponse{AwaitingResponse::Prompt::password, *std::move(user), {}};
}

// RFC 4422 appendix A: whom the client wants to act for; nobody acts for another with a certificate of its own.
void ServerSession::Machine::external_response(std::string_view response) {
  const auto whom = base::base64_decode(response);
  if (!whom) return reject(replies::auth_malformed);
  if (!whom->empty() && !base::iequals(*whom, tls()->peer_subject)) return reject(replies::auth_rejected);
  account_ = tls()->peer_subject;
  logged_in_ = true;
  send(replies::auth_ok);
}

void ServerSession::Machine::authenticate(std::string_view mechanism, Credentials credentials) {
  auto& action = actions_.emplace_back(action::Authenticate{std::string(mechanism), std::move(credentials.user), {}});
  std::get<action::Authenticate>(action).password = credentials.password;
  wipe(credentials.password);
  state_ = Authenticating{};
}

void ServerSession::Machine::on(const event::AuthResult& event) {
  assert(in<Authenticating>());
  state_ = AwaitingCommand{};
  switch (event.outcome) {
    case event::AuthResult::Outcome::accepted:
      assert(!event.account.empty());
      account_ = event.account;
      logged_in_ = true;
      return send(replies::auth_ok);
    case event::AuthResult::Outcome::rejected:
      return reject(replies::auth_rejected);
    case event::AuthResult::Outcome::malformed:
      return reject(replies::auth_malformed);
    case event::AuthResult::Outcome::locked_out:
      send(replies::auth_locked_out);
      return count_useless();
    case event::AuthResult::Outcome::unavailable:
      send(replies::auth_unavailable);
      return count_useless();
  }
}

void ServerSession::Machine::on(const event::AuthChallenge& event) {
  assert(in<Authenticating>());
  send(make_reply(334, {}, base::base64_encode(event.challenge)));
  state_ = AwaitingResponse{AwaitingResponse::Prompt::exchange, {}, {}};
}

}  // namespace godwit::smtp
