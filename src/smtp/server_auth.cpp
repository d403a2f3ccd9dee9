// SPDX-License-Identifier: Apache-2.0
// AUTH PLAIN and LOGIN (RFC 4954), only under TLS.
#include <cassert>
#include <utility>

#include "godwit/base/text.hpp"
#include "server_machine.hpp"

namespace godwit::smtp {

void ServerSession::Machine::auth(std::string_view argument) {
  if (!settings_.offer_auth) return reject(replies::auth_not_offered);
  if (!tls_) return reject(replies::auth_needs_tls);
  if (!hello_.extended) return reject(replies::auth_needs_ehlo);
  if (!account_.empty()) return reject(replies::auth_twice);
  if (transaction_) return reject(replies::auth_in_transaction);
  const auto name = argument.substr(0, argument.find(' '));
  auto initial = argument.substr(name.size());
  while (initial.starts_with(' ')) initial.remove_prefix(1);
  if (name.empty() || initial.contains(' ')) return reject(replies::auth_syntax);
  const bool plain = base::iequals(name, "PLAIN");
  if (!plain && !base::iequals(name, "LOGIN")) return reject(replies::auth_mechanism);
  if (initial.empty()) {
    send(plain ? replies::challenge_empty : replies::challenge_user);
    state_ = AwaitingResponse{plain ? AwaitingResponse::Prompt::plain : AwaitingResponse::Prompt::user, {}};
    return;
  }
  if (initial == "=") initial = {};  // RFC 4954 section 4: an empty initial response
  plain ? plain_response(initial) : user_response(initial);
}

// A line that answers a 334; the session is back to awaiting a command unless it asks for more.
void ServerSession::Machine::response(AwaitingResponse state, std::string_view line) {
  using Prompt = AwaitingResponse::Prompt;
  if (line == "*") return reject(replies::auth_cancelled);
  if (state.prompt == Prompt::plain) return plain_response(line);
  if (state.prompt == Prompt::user) return user_response(line);
  auto password = decode_login(line);
  if (!password) return reject(password.error());
  authenticate("LOGIN", {std::move(state.user), *std::move(password)});
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
  state_ = AwaitingResponse{AwaitingResponse::Prompt::password, *std::move(user)};
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
      return send(replies::auth_ok);
    case event::AuthResult::Outcome::rejected:
      return reject(replies::auth_rejected);
    case event::AuthResult::Outcome::unavailable:
      send(replies::auth_unavailable);
      return count_useless();
  }
}

// Only mechanisms that are not offered have challenges of their own.
void ServerSession::Machine::on(const event::AuthChallenge&) {
  on(event::AuthResult{event::AuthResult::Outcome::unavailable, {}});
}

}  // namespace godwit::smtp
