// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace godwit::bench {

Session::Session(Surroundings& around) : around_(around) {
  ++around_.open_sessions;
}

void Session::connect() {
  channel_.emplace(around_.settings.server);
  around_.epoll.add(channel_->descriptor(), this);
  ++around_.connections;
  ++channels_;
  wanted_ = Epoll::Wanted::to_read;
  phase_ = Phase::greeting;
  secured_ = pipelining_ = chunking_ = false;
  line_.clear();
  unsent_ = {};
  sent_here_ = 0;
  if (around_.settings.tls != TlsMode::implicit) return;
  channel_->begin_tls(around_.tls);
  phase_ = Phase::handshake;
  want(Epoll::Wanted::to_read_and_write);
}

void Session::on_event() {
  if (phase_ == Phase::handshake) {
    shake_hands();
    return;
  }
  if (!unsent_.empty()) flush();
  read();
}

void Session::shake_hands() {
  const auto step = channel_->handshake();
  want(step == Channel::Step::to_write ? Epoll::Wanted::to_read_and_write : Epoll::Wanted::to_read);
  if (step != Channel::Step::done) return;
  secured_ = true;
  if (around_.settings.tls == TlsMode::implicit)
    phase_ = Phase::greeting;
  else
    say_hello();
  read();  // what came with the handshake's end is not told of again
}

void Session::read() {
  std::array<char, 16384> buffer;
  const std::uint64_t channel = channels_;
  for (bool more = true; more && channel == channels_ && channel_;) {
    const auto received = channel_->receive(buffer);
    more = received.more;
    take(received.bytes);
    if (received.closed) throw std::runtime_error("the server closed the connection");
  }
}

void Session::take(std::string_view bytes) {
  for (;;) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) break;
    if (line_.empty()) {
      take_line(bytes.substr(0, end));
    } else {
      const std::string whole = std::exchange(line_, {}) + std::string(bytes.substr(0, end));
      take_line(whole);
    }
    bytes.remove_prefix(end + 1);
  }
  line_ += bytes;
}

void Session::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (phase_ == Phase::hello && line.size() > 4) {
    pipelining_ = pipelining_ || line.substr(4) == "PIPELINING";
    chunking_ = chunking_ || line.substr(4) == "CHUNKING";
  }
  if (line.size() > 3 && line[3] == '-') return;
  take_reply(line.empty() ? ' ' : line.front(), line);
}

void Session::take_reply(char digit, std::string_view line) {
  const char good = phase_ == Phase::transaction ? around_.script.good_reply(answered_) : '2';
  if (digit != good) throw std::runtime_error(fmt::format("the server says: {}", line));
  switch (phase_) {
    case Phase::greeting:
      return say_hello();
    case Phase::hello:
      return greeted();
    case Phase::starttls:
      channel_->begin_tls(around_.tls);
      phase_ = Phase::handshake;
      return shake_hands();
    case Phase::login:
      phase_ = Phase::idle;
      return go_on();
    case Phase::transaction:
      return take_answer();
    case Phase::quitting:
      channel_.reset();
      phase_ = Phase::over;
      return go_on();
    default:
      throw std::runtime_error(fmt::format("the server says, and was not asked: {}", line));
  }
}

void Session::say_hello() {
  phase_ = Phase::hello;
  send("EHLO client.example\r\n");
}

void Session::greeted() {
  const auto& settings = around_.settings;
  if (settings.tls == TlsMode::starttls && !secured_) {
    phase_ = Phase::starttls;
    return send("STARTTLS\r\n");
  }
  if (settings.chunking && !chunking_) throw std::runtime_error("the server does not offer CHUNKING");
  if (!settings.login.empty()) {
    phase_ = Phase::login;
    command_ = fmt::format("AUTH PLAIN {}\r\n", settings.login);
    return send(command_);
  }
  phase_ = Phase::idle;
  go_on();
}

void Session::go_on() {
  const auto now = Clock::now();
  const auto due = next_due_ ? std::exchange(next_due_, {}) : around_.work.take(now);
  if (phase_ == Phase::over) {  // between two connections
    next_due_ = due;
    if (due)
      connect();
    else if (around_.work.is_over(now))
      --around_.open_sessions;
    else
      around_.idle.push_back(this);
    return;
  }
  if (due && may_send_another()) {
    due_ = *due;
    answered_ = 0;
    phase_ = Phase::transaction;
    ++sent_here_;
    return send_piece();
  }
  next_due_ = due;
  if (!due && !around_.work.is_over(now)) {
    around_.idle.push_back(this);
    return;
  }
  phase_ = Phase::quitting;
  send("QUIT\r\n");
}

bool Session::may_send_another() const {
  const std::uint64_t most = around_.settings.messages_per_connection;
  return most == 0 || sent_here_ < most;
}

void Session::send_piece() {
  const auto& settings = around_.settings;
  const bool last_step = answered_ + 1 == around_.script.steps();
  // The envelope of the next message goes with the end of this one.
  if (last_step && settings.pipelining == Pipelining::all && pipelining_ && !around_.work.is_paced() &&
      may_send_another())
    next_due_ = around_.work.take(Clock::now());
  const auto piece = around_.script.next(answered_, pipelining_ ? settings.pipelining : Pipelining::one_command,
                                         next_due_.has_value());
  outstanding_ = piece.replies;
  behind_message_ = piece.behind_message;
  send(piece.bytes);
}

void Session::take_answer() {
  ++answered_;
  --outstanding_;
  if (answered_ == around_.script.steps()) {
    const auto now = Clock::now();
    around_.figures.to_reply.add(now - ended_);
    around_.figures.from_due.add(now - due_);
    around_.last_reply = now;
    answered_ = 0;
    if (outstanding_ == 0) {
      phase_ = Phase::idle;
      return go_on();
    }
    due_ = *std::exchange(next_due_, {});  // it has begun
    ++sent_here_;
    return;
  }
  if (outstanding_ == 0) send_piece();
}

void Session::send(std::string_view bytes) {
  unsent_ = bytes;
  flush();
}

void Session::flush() {
  unsent_.remove_prefix(channel_->send(unsent_));
  if (behind_message_ && unsent_.size() <= *behind_message_) {
    ended_ = Clock::now();
    behind_message_.reset();
  }
  want(unsent_.empty() ? Epoll::Wanted::to_read : Epoll::Wanted::to_read_and_write);
}

void Session::want(Epoll::Wanted wanted) {
  if (wanted == wanted_) return;
  around_.epoll.change(channel_->descriptor(), this, wanted);
  wanted_ = wanted;
}

}  // namespace godwit::bench
