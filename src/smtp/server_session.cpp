// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/server_session.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "godwit/base/text.hpp"
#include "server_machine.hpp"

namespace godwit::smtp {
namespace {

// Bounds of one read, and so of what waits inside the session while somebody is asked.
constexpr std::size_t command_read_limit = 16 * 1024;
constexpr std::size_t data_read_limit = 64 * 1024;

// RFC 5321 section 4.5.3.1.4 has 512 octets, extended by parameters; RFC 4954 section 4.3 has 12288 for AUTH.
constexpr std::size_t max_command_line = 2048;
constexpr std::size_t max_auth_line = 12288;

// Refusals and useless commands are borne this many times longer than errors, from message to message.
constexpr int useless_per_error = 10;

constexpr char tls_handshake = 0x16;  // first byte of a TLS record that begins a handshake (RFC 8446 section 5.1)

const ReversePath no_sender;
const MailParameters no_parameters;
const std::optional<TlsInfo> no_tls;

}  // namespace

ServerSession::Machine::Machine(const SessionSettings& settings) : settings_(settings) {}

ServerSession::Machine::~Machine() {
  forget_actions();
}

const std::vector<ServerAction>& ServerSession::Machine::next(const ServerEvent& event) {
  forget_actions();
  if (in<Closed>()) return actions_;
  const auto* bytes = std::get_if<event::Bytes>(&event);
  input_.offer(bytes != nullptr ? bytes->bytes : std::string_view());
  const bool reading = takes_input();  // a Read is open; an event without bytes does not answer it
  std::visit([this](const auto& e) { on(e); }, event);
  if (bytes != nullptr || !reading) run();
  settle_flush();
  input_.keep();
  return actions_;
}

// ---- events ---------------------------------------------------------------------------------------------------------

void ServerSession::Machine::on(const event::Connected&) {
  assert(in<Unconnected>());
  state_ = AwaitingCommand{};
  if (!stopping_) send(replies::greeting(settings_));
}

void ServerSession::Machine::on(const event::ProxyHeader&) {
  on(event::Connected{});
}

void ServerSession::Machine::on(const event::TlsReady& event) {
  assert(in<StartingTls>() || in<Unconnected>());
  tls_ = std::make_unique<const std::optional<TlsInfo>>(event.info);
  account_ = event.info.peer_subject;  // may send at once, as if it had logged in
  logged_in_ = false;
  if (!in<StartingTls>()) return;
  // RFC 3207 section 4.2: nothing learned before the handshake holds after it, and no byte from before is read.
  hello_ = {};
  input_.unread() = {};
  lines_ = {};
  state_ = AwaitingCommand{};
}

void ServerSession::Machine::on(const event::TimedOut&) {
  const bool handshaking = in<StartingTls>() || (in<Unconnected>() && settings_.tls == TlsMode::implicit && !tls_);
  if (handshaking) return close(action::Close::Reason::tls_failed);
  if (!in<Unconnected>()) send(replies::timed_out(settings_));
  close(action::Close::Reason::timed_out);
}

void ServerSession::Machine::on(const event::PeerClosed&) {
  const bool handshaking = in<StartingTls>() || (in<Unconnected>() && settings_.tls == TlsMode::implicit && !tls_);
  close(handshaking ? action::Close::Reason::tls_failed : action::Close::Reason::peer_closed);
}

void ServerSession::Machine::on(const event::Stopping&) {
  stopping_ = true;
  if (may_stop()) stop();
}

// A message that is being received or committed is finished first: its client must learn what became of it.
void ServerSession::Machine::stop() {
  send(replies::stopping(settings_));
  close(action::Close::Reason::stopping);
}

// ---- the loop -------------------------------------------------------------------------------------------------------

ServerSession::Machine::Receiving* ServerSession::Machine::receiving() const {
  const auto* here = std::get_if<ReceivingHere>(&state_);
  return here != nullptr ? here->get() : nullptr;
}

bool ServerSession::Machine::takes_input() const {
  if (const auto* message = receiving()) return !message->asking;
  return in<AwaitingCommand>() || in<AwaitingResponse>();
}

void ServerSession::Machine::run() {
  while (takes_input()) {
    if (stopping_ && may_stop()) return stop();
    if (!step()) return ask_to_read();
  }
}

// Takes one command, or what there is of the message; false if more input is needed.
bool ServerSession::Machine::step() {
  if (input_.unread().empty()) return false;
  if (auto* message = receiving()) {
    receive(*message);
    return true;
  }
  return step_line();
}

bool ServerSession::Machine::step_line() {
  auto& input = input_.unread();
  const bool responding = in<AwaitingResponse>();
  if (!responding && !tls_ && input.front() == tls_handshake) {
    send(replies::not_tls);
    close(action::Close::Reason::policy);
    return true;
  }
  const bool long_line = responding || base::istarts_with(input, "AUTH");
  const bool of_chunk = chunk_line_ || (!responding && base::istarts_with(input, "BDAT"));
  std::string_view line;
  const auto status = lines_.read(input, long_line ? max_auth_line : max_command_line, line);
  chunk_line_ = of_chunk && status == LineReader::Status::more;
  if (status == LineReader::Status::more) return false;
  if (status == LineReader::Status::hopeless) {
    send(replies::only_newlines(settings_));
    close(action::Close::Reason::errors);
    return true;
  }
  ++commands_;
  const bool may_be_message = std::exchange(data_refused_, false);
  bool is_command = responding;
  bool readable = status == LineReader::Status::complete;
  if (readable && responding) {
    response(std::get<AwaitingResponse>(std::exchange(state_, AwaitingCommand{})), line);
  } else if (readable) {
    const auto command = parse_command(line);
    is_command = command && command->verb != Verb::unknown;
    readable = command.has_value();
    if (command)
      execute(*command);
    else
      reject(command.error());
  } else {
    state_ = AwaitingCommand{};
    if (status == LineReader::Status::bad)
      reject(replies::bare_newline);
    else
      reject(long_line ? replies::auth_too_long : replies::line_too_long);
  }
  // Nobody knows how many octets follow that are no commands.
  if (of_chunk && !readable && !in<Closed>()) close(action::Close::Reason::errors);
  if (may_be_message && !is_command && !in<Closed>()) close(action::Close::Reason::policy);
  return true;
}

void ServerSession::Machine::ask_to_read() {
  if (in<ReceivingHere>())
    actions_.emplace_back(action::Read{data_read_limit, settings_.data_timeout, settings_.min_data_rate});
  else
    actions_.emplace_back(
        action::Read{command_read_limit, settings_.command_timeout, 0, settings_.transaction_timeout});
}

// RFC 2920 section 3.2: replies to a pipelined batch go out together, so only what another reply will follow at once
// waits.
void ServerSession::Machine::settle_flush() {
  const bool reply_follows = in<CheckingSender>() || in<CheckingRecipient>() || in<AwaitingAnswer>() ||
                             in<StartingTls>() || in<BeginningMessage>() || in<Authenticating>() || in<Committing>();
  for (auto& action : actions_)
    if (auto* sent = std::get_if<action::Send>(&action)) sent->flush = !reply_follows;
}

void ServerSession::Machine::forget_actions() {
  for (auto& action : actions_) {
    if (auto* login = std::get_if<action::Authenticate>(&action)) wipe(login->password);
    if (auto* exchange = std::get_if<action::Exchange>(&action)) wipe(exchange->response);
  }
  actions_.clear();
}

void ServerSession::Machine::rest() {
  forget_actions();
  if (!transaction_) actions_.shrink_to_fit();
}

// ---- what handlers say ----------------------------------------------------------------------------------------------

void ServerSession::Machine::send(const Reply& reply) {
  auto* last = actions_.empty() ? nullptr : std::get_if<action::Send>(&actions_.back());
  if (last != nullptr)
    last->bytes += to_wire(reply);
  else
    actions_.emplace_back(action::Send{to_wire(reply), false});
}

void ServerSession::Machine::reject(const FixedReply& reply) {
  send(reply);
  count_error();
}

// Called after the reply.
void ServerSession::Machine::count_error() {
  if (++errors_ >= settings_.errors) close_for_errors();
}

void ServerSession::Machine::pass_on(const Reply& reply) {
  send(reply);
  if (reply.code == 421) close(action::Close::Reason::policy);  // RFC 5321 section 3.8: 421 is said by who closes
}

// Called after the reply.
void ServerSession::Machine::count_useless() {
  if (++useless_ >= settings_.errors * useless_per_error && !in<Closed>()) close_for_errors();
}

void ServerSession::Machine::close_for_errors() {
  send(replies::too_many_errors(settings_));
  close(action::Close::Reason::errors);
}

void ServerSession::Machine::close(action::Close::Reason reason) {
  const auto* message = receiving();
  const bool between_chunks = transaction_ && transaction_->chunked;
  if (in<BeginningMessage>() || (message != nullptr && !message->refusal) || between_chunks)
    actions_.emplace_back(action::Discard{});
  actions_.emplace_back(action::Close{reason});
  input_.unread() = {};
  state_ = Closed{};
}

void ServerSession::Machine::end_transaction() {
  if (!transaction_) return;
  if (transaction_->chunked) actions_.emplace_back(action::Discard{});
  transaction_.reset();
  actions_.emplace_back(action::Reset{});
}

// ---- what was said so far -------------------------------------------------------------------------------------------

const std::optional<TlsInfo>& ServerSession::Machine::tls() const {
  return tls_ ? *tls_ : no_tls;
}

const ReversePath& ServerSession::Machine::sender() const {
  return transaction_ ? transaction_->sender : no_sender;
}

const MailParameters& ServerSession::Machine::mail_parameters() const {
  return transaction_ ? transaction_->parameters : no_parameters;
}

std::string_view ServerSession::Machine::protocol() const {
  if (!hello_.extended) return "SMTP";
  if (mail_parameters().smtputf8) {
    if (account_.empty()) return tls_ ? "UTF8SMTPS" : "UTF8SMTP";
    return tls_ ? "UTF8SMTPSA" : "UTF8SMTPA";
  }
  if (account_.empty()) return tls_ ? "ESMTPS" : "ESMTP";
  return tls_ ? "ESMTPSA" : "ESMTPA";
}

std::string_view ServerSession::Machine::stage() const {
  struct Words {
    bool greeted = false;
    std::string_view operator()(const Unconnected&) const { return "connect"; }
    std::string_view operator()(const AwaitingCommand&) const { return greeted ? "command" : "greeting"; }
    std::string_view operator()(const StartingTls&) const { return "starttls"; }
    std::string_view operator()(const AwaitingResponse&) const { return "auth"; }
    std::string_view operator()(const Authenticating&) const { return "auth"; }
    std::string_view operator()(const CheckingSender&) const { return "mail"; }
    std::string_view operator()(const CheckingRecipient&) const { return "rcpt"; }
    std::string_view operator()(const AwaitingAnswer&) const { return "command"; }
    std::string_view operator()(const BeginningMessage&) const { return "data"; }
    std::string_view operator()(const ReceivingHere&) const { return "data"; }
    std::string_view operator()(const Committing&) const { return "commit"; }
    std::string_view operator()(const Closed&) const { return "closed"; }
  };
  return std::visit(Words{!hello_.name.empty()}, state_);
}

// ---- the public face ------------------------------------------------------------------------------------------------

ServerSession::ServerSession(const SessionSettings& settings) : machine_(std::make_unique<Machine>(settings)) {}
ServerSession::~ServerSession() = default;
ServerSession::ServerSession(ServerSession&&) noexcept = default;
ServerSession& ServerSession::operator=(ServerSession&&) noexcept = default;

const std::vector<ServerAction>& ServerSession::next(const ServerEvent& event) {
  return machine_->next(event);
}
void ServerSession::rest() {
  machine_->rest();
}
const Hello& ServerSession::hello() const {
  return machine_->hello();
}
const std::optional<TlsInfo>& ServerSession::tls() const {
  return machine_->tls();
}
const std::string& ServerSession::account() const {
  return machine_->account();
}
const ReversePath& ServerSession::sender() const {
  return machine_->sender();
}
const MailParameters& ServerSession::mail_parameters() const {
  return machine_->mail_parameters();
}
std::string_view ServerSession::protocol() const {
  return machine_->protocol();
}
std::uint64_t ServerSession::commands() const {
  return machine_->commands();
}
int ServerSession::errors() const {
  return machine_->errors();
}
std::string_view ServerSession::stage() const {
  return machine_->stage();
}

}  // namespace godwit::smtp
