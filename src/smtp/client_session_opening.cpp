// SPDX-License-Identifier: Apache-2.0
// The client from the greeting until it is ready: EHLO or HELO, STARTTLS; AUTH is client_session_auth.cpp's.
#include <utility>

#include "client_capabilities.hpp"
#include "client_session_machine.hpp"

namespace godwit::smtp {
namespace {

using Verdict = RecipientResult::Verdict;

// Whether our words must stand beside the peer's.
std::string why_beside(const Reply& reply) {
  return reply.positive() ? std::string(unexpected_reply) : std::string();
}

}  // namespace

// Text does not matter: firewalls mask it.  A host that does not want to talk may have a neighbour that does.
void ClientSession::Machine::take_greeting(const Reply& reply) {
  if (reply.code != 220) return fail({Verdict::try_next, Stage::greeting, reply, why_beside(reply)}, Farewell::quit);
  say_hello();
}

void ClientSession::Machine::say_hello() {
  capabilities_ = {};
  state_ = State::ehlo;
  const bool lmtp = settings_.protocol == ClientProtocol::lmtp;
  out_ += (lmtp ? "LHLO " : "EHLO ") + settings_.hostname + "\r\n";
}

void ClientSession::Machine::take_hello(const Reply& reply) {
  const bool was_ehlo = state_ == State::ehlo;
  if (reply.code / 100 == 2) {
    capabilities_ = was_ehlo ? read_capabilities(reply) : PeerCapabilities{};
    capabilities_.require_tls = capabilities_.require_tls && tls_;  // in the clear it is nobody's word (RFC 8689)
    capabilities_.chunking = capabilities_.chunking && settings_.chunking;
    return secure_or_go_on();
  }
  const bool lmtp = settings_.protocol == ClientProtocol::lmtp;  // RFC 2033 section 4.1: there is no HELO
  if (was_ehlo && reply.permanent() && !lmtp) {
    capabilities_ = {};
    state_ = State::helo;  // RFC 5321 section 3.2
    out_ += "HELO " + settings_.hostname + "\r\n";
    return;
  }
  const bool final = reply.permanent() && !lmtp;
  fail({final ? Verdict::failed : Verdict::try_next, Stage::ehlo, reply, why_beside(reply)}, Farewell::quit);
}

void ClientSession::Machine::secure_or_go_on() {
  if (!tls_ && settings_.tls != ClientTls::none && capabilities_.starttls && !starttls_refused_) {
    state_ = State::starttls;
    out_ += "STARTTLS\r\n";
    return;
  }
  if (!tls_ && settings_.tls == ClientTls::require)
    return fail({Verdict::try_next, Stage::starttls, {}, "TLS required but not offered", {4, 7, 4}}, Farewell::quit);
  authenticate();
}

void ClientSession::Machine::take_starttls(const Reply& reply) {
  if (reply.code == 220) {
    state_ = State::tls;
    return;
  }
  if (settings_.tls == ClientTls::require)
    return fail({Verdict::try_next, Stage::starttls, reply, "TLS required but STARTTLS was refused"}, Farewell::quit);
  starttls_refused_ = true;
  secure_or_go_on();
}

void ClientSession::Machine::become_ready() {
  state_ = State::idle;
  if (waiting_) return begin_transfer();
  ready_due_ = true;
}

}  // namespace godwit::smtp
