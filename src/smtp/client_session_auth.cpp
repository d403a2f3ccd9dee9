// SPDX-License-Identifier: Apache-2.0
// The client's AUTH (RFC 4954).  Whatever goes wrong here is between the peer and us: it delays the users' mail, it
// does not bounce it.
#include <algorithm>
#include <expected>
#include <utility>

#include "client_session_machine.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/smtp/saslprep.hpp"

namespace godwit::smtp {
namespace {

using Verdict = RecipientResult::Verdict;

constexpr std::string_view scram_plus = "SCRAM-SHA-256-PLUS";
constexpr std::string_view scram = "SCRAM-SHA-256";

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

RecipientResult unable(std::string why) {
  return {Verdict::try_next, Stage::auth, {}, std::move(why), {4, 7, 0}};
}

}  // namespace

void ClientSession::Machine::authenticate() {
  if (settings_.user.empty()) return become_ready();
  if (!tls_) return fail(unable("credentials are sent only under TLS, which is not offered"), Farewell::quit);
  const auto& names = settings_.mechanisms;
  const auto found = std::ranges::find_if(names, [this](const auto& name) { return can_use(name); });
  if (found == names.end())
    return fail(unable("no usable AUTH mechanism is offered (" + base::join(names, ", ") + ")"), Farewell::quit);
  begin_mechanism(*found);
}

bool ClientSession::Machine::can_use(std::string_view mechanism) const {
  if (!contains(capabilities_.auth, mechanism)) return false;
  if (mechanism != scram && mechanism != scram_plus) return true;
  if (mechanism == scram_plus && channel(mechanism).use != ScramChannel::Use::bound) return false;
  return !settings_.nonce.empty() && saslprep(settings_.user) && saslprep(settings_.password);
}

void ClientSession::Machine::begin_mechanism(const std::string& mechanism) {
  using namespace std::string_literals;
  out_ += "AUTH " + mechanism;
  state_ = State::auth;
  if (mechanism == "PLAIN") {
    out_ += " " + base::base64_encode("\0"s + settings_.user + "\0"s + settings_.password);
  } else if (mechanism == "LOGIN") {
    state_ = State::auth_user;
  } else if (mechanism == "EXTERNAL") {
    out_ += " " + base::base64_encode(settings_.user);
  } else {
    scram_.emplace(*saslprep(settings_.user), settings_.nonce, channel(mechanism));
    out_ += " " + base::base64_encode(scram_->client_first());
    state_ = State::auth_challenge;
  }
  out_ += "\r\n";
}

// tls-exporter is the one of TLS 1.3 (RFC 9266 section 3).
ScramChannel ClientSession::Machine::channel(std::string_view mechanism) const {
  ScramChannel channel;
  if (!tls_->channel_binding.empty()) {
    channel.type = "tls-exporter";
    channel.bytes = tls_->channel_binding;
  } else {
    channel.type = "tls-server-end-point";
    channel.bytes = tls_->end_point;
  }
  const bool able = !channel.bytes.empty() && contains(settings_.mechanisms, scram_plus);
  if (able && mechanism == scram_plus)
    channel.use = ScramChannel::Use::bound;
  else if (able && !contains(capabilities_.auth, scram_plus))
    channel.use = ScramChannel::Use::not_offered;
  return channel;
}

void ClientSession::Machine::take_auth(const Reply& reply) {
  if (state_ == State::auth && reply.code == 235) return become_ready();
  if (state_ == State::auth || reply.code != 334) return take_refusal(reply);
  const bool user = state_ == State::auth_user;
  out_ += base::base64_encode(user ? settings_.user : settings_.password) + "\r\n";
  state_ = user ? State::auth_password : State::auth;
}

void ClientSession::Machine::take_challenge(const Reply& reply) {
  if (reply.code != 334) return take_refusal(reply);
  auto question = scram_->question(base::base64_decode(reply.lines.front()).value_or(std::string()));
  if (!question) return fail(unable(std::move(question.error())), Farewell::none);
  question_ = std::move(*question);
  state_ = State::auth_keys;
}

void ClientSession::Machine::on(const client_event::KeysMade& event) {
  if (state_ != State::auth_keys) return;
  if (event.keys) {
    out_ += base::base64_encode(scram_->client_final(*event.keys)) + "\r\n";
    state_ = State::auth_proof;
  } else {
    fail(unable("SCRAM: " + event.why), Farewell::none);
  }
  wait();
}

// RFC 5802 section 7: "e=" names what the server did not like.
void ClientSession::Machine::take_proof(const Reply& reply) {
  if (reply.code / 100 != 2 && reply.code != 334) return take_refusal(reply);
  const auto word = reply.code == 334 ? base::base64_decode(reply.lines.front()) : std::nullopt;
  state_ = State::auth;
  if (word && word->starts_with("e=")) {
    out_ += "*\r\n";
    return;
  }
  if (!word || !scram_->is_genuine(*word))
    return fail(unable("SCRAM: the host has not proved that it knows the password"), Farewell::none);
  scram_.reset();  // what goes wrong now is no refusal of the proof
  out_ += "\r\n";
}

// Accounts may have no keys for SCRAM.  A peer that does not like PLAIN does not like the password.
void ClientSession::Machine::take_refusal(const Reply& reply) {
  const auto& names = settings_.mechanisms;
  const auto next = std::ranges::find_if(
      names, [this](const auto& name) { return !name.starts_with(scram) && name != "EXTERNAL" && can_use(name); });
  if (reply.permanent() && std::exchange(scram_, {}) && next != names.end()) return begin_mechanism(*next);
  const bool challenged = reply.code == 334;  // to cancel takes another step; RFC 4954 section 4
  fail({Verdict::try_next, Stage::auth, reply,
        reply.positive() ? std::string(unexpected_reply) : "authentication failed"},
       challenged ? Farewell::none : Farewell::quit);
}

}  // namespace godwit::smtp
