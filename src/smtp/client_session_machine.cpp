// SPDX-License-Identifier: Apache-2.0
#include "client_session_machine.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "godwit/smtp/saslprep.hpp"

namespace godwit::smtp {
namespace {

using Verdict = RecipientResult::Verdict;
using Reason = client_action::Close::Reason;

// For replies that change nothing any more (to QUIT, to RSET): a slow peer costs its connection, not our time.
constexpr base::Duration courtesy_timeout = std::chrono::seconds(5);

// What may lie unread; replies come only after what we sent, so an honest peer stays far below.
constexpr std::size_t max_unread = 2 * ReplyReader::max_bytes;

constexpr std::string_view connection_lost = "connection lost";
constexpr std::string_view timed_out = "timed out";

}  // namespace

const std::vector<ClientAction>& ClientSession::Machine::next(const ClientEvent& event) {
  actions_.clear();
  reply_taken_ = false;
  if (state_ != State::closed) std::visit([this](const auto& what) { on(what); }, event);
  return actions_;
}

Stage ClientSession::Machine::stage() const {
  switch (state_) {
    case State::connecting:
      return Stage::connect;
    case State::greeting:
      return Stage::greeting;
    case State::ehlo:
    case State::helo:
      return Stage::ehlo;
    case State::starttls:
      return Stage::starttls;
    case State::tls:
      return Stage::tls;
    case State::auth:
    case State::auth_user:
    case State::auth_password:
    case State::auth_challenge:
    case State::auth_keys:
    case State::auth_proof:
      return Stage::auth;
    case State::transfer:
    case State::body:
      return transfer_->stage();
    case State::idle:
      return Stage::mail;  // what is lost here is lost before MAIL
    case State::clearing:
    case State::quitting:
    case State::closed:
      break;
  }
  return Stage::quit;
}

// ---- events
// -----------------------------------------------------------------------------------------------------------

void ClientSession::Machine::on(const client_event::Connected&) {
  assert(state_ == State::connecting);
  state_ = State::greeting;
  wait();
}

void ClientSession::Machine::on(const client_event::Bytes& event) {
  if (state_ == State::tls || state_ == State::connecting) return;  // nothing said in the clear crosses into TLS
  if (event.bytes.size() > max_unread - std::min(max_unread, input_.size()))
    return fail({Verdict::try_next, stage(), {}, "too many bytes without a question"}, Farewell::none);
  input_ += event.bytes;
  if (state_ == State::body) return;  // read when the body is sent, or the peer hung up
  take_replies();
  wait();
}

void ClientSession::Machine::on(const client_event::TlsReady& event) {
  tls_ = event.info;
  if (state_ == State::connecting) return;  // TLS from the first byte
  if (state_ != State::tls) return;
  // RFC 3207 section 4.2: what was learned before the handshake is forgotten.
  input_.clear();
  reader_.reset();
  say_hello();
  wait();
}

void ClientSession::Machine::on(const client_event::TlsFailed& event) {
  const RecipientResult cause{Verdict::try_next, stage(), {}, event.why, {}, event.lost};
  if (settings_.tls != ClientTls::opportunistic || !settings_.user.empty()) return fail(cause, Farewell::none);
  waiting_.reset();
  close({Reason::retry_in_clear, cause});
}

void ClientSession::Machine::on(const client_event::Transaction& event) {
  assert(!waiting_ && !transfer_);
  waiting_ = event.transaction;
  if (state_ != State::idle) return;
  begin_transfer();
  wait();
}

void ClientSession::Machine::on(const client_event::BodySent&) {
  if (state_ != State::body) return;
  state_ = State::transfer;
  transfer_->body_sent(!input_.empty() || !reader_.empty());
  take_replies();
  wait();
}

void ClientSession::Machine::on(const client_event::BodyFailed& event) {
  if (state_ != State::body) return;
  event.for_good ? transfer_->unfit(event.why) : transfer_->abandoned(event.why);
  perform(ClientTransfer::Want::broken);
}

void ClientSession::Machine::on(const client_event::TimedOut&) {
  lost(timed_out);
}
void ClientSession::Machine::on(const client_event::PeerClosed&) {
  lost(connection_lost);
}

void ClientSession::Machine::on(const client_event::Quit&) {
  if (state_ == State::idle) {
    out_ += "QUIT\r\n";
    close_ = {};
    state_ = State::quitting;
    wait();
  } else if (state_ != State::quitting) {
    settle({Verdict::try_next, stage(), {}, "stopped"});
    close({});
  }
}

// ---- replies
// ----------------------------------------------------------------------------------------------------------

bool ClientSession::Machine::waits_for_reply() const {
  switch (state_) {
    case State::connecting:
    case State::tls:
    case State::auth_keys:
    case State::idle:
    case State::body:
    case State::closed:
      return false;
    default:
      return true;
  }
}

base::Duration ClientSession::Machine::deadline() const {
  const auto& timeouts = settings_.timeouts;
  if (state_ == State::greeting) return timeouts.greeting;
  if (state_ == State::clearing || state_ == State::quitting) return std::min(timeouts.command, courtesy_timeout);
  return stage() == Stage::final_dot ? timeouts.data : timeouts.command;
}

void ClientSession::Machine::take_replies() {
  std::string_view rest(input_);
  // An idle connection's replies are read too, for a 421.
  while (!rest.empty() && (waits_for_reply() || state_ == State::idle)) {
    const auto status = reader_.read(rest);
    if (status == ReplyReader::Status::complete) {
      take(reader_.reply());
    } else if (status != ReplyReader::Status::more) {
      lost("unintelligible reply");
    }
  }
  input_.erase(0, input_.size() - rest.size());
}

void ClientSession::Machine::take(const Reply& reply) {
  reply_taken_ = true;
  if (reply.code == 421 && state_ != State::transfer && state_ != State::quitting)
    return fail({Verdict::try_next, stage(), reply}, Farewell::none);
  switch (state_) {
    case State::greeting:
      return take_greeting(reply);
    case State::ehlo:
    case State::helo:
      return take_hello(reply);
    case State::starttls:
      return take_starttls(reply);
    case State::auth:
    case State::auth_user:
    case State::auth_password:
      return take_auth(reply);
    case State::auth_challenge:
      return take_challenge(reply);
    case State::auth_proof:
      return take_proof(reply);
    case State::transfer:
      return perform(transfer_->take(reply, out_));
    case State::clearing:
      return become_ready();
    case State::quitting:
      return close(close_);
    default:
      return;  // idle: words without a question
  }
}

// Sends what was gathered and, where a reply is due, asks for it.
void ClientSession::Machine::wait() {
  if (state_ == State::closed) return;
  const bool continued = out_.empty() && !reply_taken_ && !reader_.empty();
  if (!out_.empty()) actions_.emplace_back(client_action::Send{std::exchange(out_, {})});
  if (waits_for_reply()) actions_.emplace_back(client_action::Read{deadline(), continued});
  // These follow the last Send.
  if (state_ == State::tls) actions_.emplace_back(client_action::StartTls{});
  if (state_ == State::auth_keys)
    actions_.emplace_back(client_action::MakeKeys{saslprep(settings_.password).value_or(std::string()), question_});
  if (state_ == State::body)
    actions_.emplace_back(client_action::SendBody{settings_.timeouts.data, settings_.min_data_rate,
                                                  transfer_->uses_bdat(), transfer_->recoded_to(),
                                                  transfer_->downgraded()});
  if (state_ == State::idle && std::exchange(ready_due_, false)) actions_.emplace_back(client_action::Ready{});
}

// ---- transactions
// -----------------------------------------------------------------------------------------------------

void ClientSession::Machine::begin_transfer() {
  transfer_.emplace(*std::exchange(waiting_, {}), capabilities_, settings_.protocol);
  state_ = State::transfer;
  perform(transfer_->begin(out_));
}

void ClientSession::Machine::perform(ClientTransfer::Want want) {
  using Want = ClientTransfer::Want;
  switch (want) {
    case Want::reply:
      return;
    case Want::body:
      state_ = State::body;
      return;
    case Want::done:
      finish_transfer();
      return become_ready();
    case Want::reset:
      out_ += "RSET\r\n";
      [[fallthrough]];
    case Want::ignore:
      finish_transfer();
      state_ = State::clearing;
      return;
    case Want::broken:
      return fail(transfer_->cause(), Farewell::none);
  }
}

void ClientSession::Machine::finish_transfer() {
  actions_.emplace_back(client_action::TransactionDone{transfer_->results()});
  transfer_.reset();
}

// ---- endings
// ----------------------------------------------------------------------------------------------------------

void ClientSession::Machine::lost(std::string_view why) {
  if (state_ == State::quitting) return close(close_);
  // A host that breaks at STARTTLS does so every time.
  if (state_ == State::starttls || state_ == State::tls) return on(client_event::TlsFailed{std::string(why), true});
  if (transfer_) {
    const auto refusal = state_ == State::body ? pending_refusal() : std::nullopt;
    refusal ? transfer_->refused_in_body(*refusal) : transfer_->lost(why);
    return perform(ClientTransfer::Want::broken);
  }
  fail({Verdict::try_next, stage(), {}, std::string(why)}, Farewell::none);
}

// A 4yz or 5yz that the peer sent before it hung up in the middle of the body.
std::optional<Reply> ClientSession::Machine::pending_refusal() {
  std::string_view rest(input_);
  if (reader_.read(rest) != ReplyReader::Status::complete || reader_.reply().positive()) return {};
  return reader_.reply();
}

// The connection cannot be used; whatever transaction there is shares its fate.
void ClientSession::Machine::fail(RecipientResult cause, Farewell farewell) {
  settle(cause);
  if (farewell == Farewell::none) return close({Reason::failed, std::move(cause)});
  close_ = {Reason::failed, std::move(cause)};
  out_ = "QUIT\r\n";
  state_ = State::quitting;
}

void ClientSession::Machine::settle(const RecipientResult& cause) {
  if (waiting_)
    actions_.emplace_back(
        client_action::TransactionDone{std::vector<RecipientResult>(waiting_->recipients.size(), cause)});
  waiting_.reset();
  if (!transfer_) return;
  if (transfer_->undecided()) transfer_->lost(cause.why);
  finish_transfer();
}

void ClientSession::Machine::close(client_action::Close close) {
  out_.clear();
  state_ = State::closed;
  actions_.emplace_back(std::move(close));
}

}  // namespace godwit::smtp
