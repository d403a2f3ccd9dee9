// SPDX-License-Identifier: Apache-2.0
// The wait for what the client says next.
#include <algorithm>
#include <utility>

#include "connection.hpp"

namespace godwit::server {
namespace {

namespace event = smtp::event;

constexpr int errors_for_free = 2;  // people mistype
// Who sends mail says something within the moment; its connection is not parked for every word.
constexpr base::Duration moment = std::chrono::milliseconds(50);

}  // namespace

boost::asio::awaitable<Connection::Event> Connection::read() {
  const bool sent = co_await flush();
  if (!sent) co_return event::PeerClosed{};
  std::optional<policy::Tarpit::Place> place;
  if (const auto wait = due_wait(place); wait > base::Duration::zero()) {
    co_await pause_until(around_.network.now() + wait);
    place.reset();
  }
  if (stopping_ && !std::exchange(told_stopping_, true)) co_return event::Stopping{};
  begin_read();
  co_return co_await await_input();
}

// A client that sends its command byte by byte gets one deadline for all of it (RFC 5321 section 4.5.3.2 bounds the
// command).
void Connection::begin_read() {
  const auto now = around_.network.now();
  if (std::exchange(progressed_, false)) read_deadline_ = now + open_read_.deadline;
  read_since_ = now;
  read_until_ = read_deadline_;
  if (open_read_.minimum_rate == 0)
    pace_.reset();
  else
    read_until_ = std::min(read_until_, data_pace().deadline(now));
  if (open_read_.budget > base::Duration::zero()) read_until_ = std::min(read_until_, now + open_read_.budget - spent_);
}

// Nothing: the connection is parked, and goes on here.  Many clients that come at once and send no mail shall not need
// their coroutines at once, not even for a moment.  Into the reactor's scratch buffer: the session takes what it needs
// before anything else can read.
boost::asio::awaitable<Connection::Event> Connection::await_input() {
  const auto space = around_.scratch.first(std::min(around_.scratch.size(), open_read_.limit));
  for (bool silent = !std::exchange(parked_, false) && !sends_mail_;;) {
    const auto tried = net::try_read_more(*stream_, space);
    if (tried.status == net::IoResult::Status::ok) {
      end_read(tried.bytes);
      co_return event::Bytes{std::string_view(space.data(), tried.bytes)};
    }
    if (tried.status != net::IoResult::Status::would_block) co_return input_ended(base::ErrorKind::closed);
    if (stopping_ && !told_stopping_) co_return input_ended(base::ErrorKind::cancelled);
    const bool may_park = stream_->can_park();
    parked_ = silent && may_park;
    if (parked_) co_return Event();
    waiting_ = true;
    auto ready = co_await stream_->readable(may_park ? std::min(read_until_, end_of_moment()) : read_until_);
    waiting_ = false;
    if (ready) continue;
    silent = may_park && ready.error().kind == base::ErrorKind::timed_out && around_.network.now() < read_until_;
    if (!silent) co_return input_ended(ready.error().kind);
  }
}

// It may be over, too late or told to stop when it goes on: await_input() finds out.
void Connection::park(net::Stream::Wake then) {
  waiting_ = true;
  stream_->park(read_until_, std::move(then));
}

// In whole steps of the clock, so that the deadlines of many connections come up together.
base::MonoTime Connection::end_of_moment() const {
  const auto now = around_.network.now();
  return now - now.time_since_epoch() % moment + 2 * moment;
}

void Connection::end_read(std::size_t bytes) {
  const auto waited = around_.network.now() - read_since_;
  if (pace_) pace_->count(waited, bytes);
  if (open_read_.budget > base::Duration::zero()) spent_ += waited;
}

Connection::Event Connection::input_ended(base::ErrorKind why) {
  end_read(0);
  if (stopping_ && !std::exchange(told_stopping_, true)) return event::Stopping{};
  if (why == base::ErrorKind::timed_out) return event::TimedOut{};
  return event::PeerClosed{};
}

// A message has one pace, from its 354 on.
net::Pace& Connection::data_pace() {
  if (!pace_) pace_.emplace(open_read_.minimum_rate, open_read_.deadline);
  return *pace_;
}

// Who sends commands too fast, or too many wrong ones, is read more slowly.  The place is its own while it waits.
base::Duration Connection::due_wait(std::optional<policy::Tarpit::Place>& place) {
  const auto commands = session_.commands() - std::exchange(commands_seen_, session_.commands());
  const bool erred = session_.errors() > std::exchange(errors_seen_, session_.errors());
  if (is_local()) return {};
  base::Duration wait{};
  if (commands > 0 && is_limited(policy::Limited::commands))
    wait = rules_->limits->owe(policy::Limited::commands, commands, limited_as({}), around_.network.now());
  if (!erred || session_.errors() <= errors_for_free || session_settings_.trusted) return wait;
  if (auto entered = around_.tarpit.enter()) {
    place.emplace(std::move(*entered));
    wait = std::max(wait, rules_->settings.error_delay);
  }
  return wait;
}

// Ended by a stop only: who is slowed down gains nothing by hanging up.
boost::asio::awaitable<void> Connection::pause_until(base::MonoTime until) {
  if (stopping_ || until <= around_.network.now()) co_return;
  pause_ = std::make_unique<net::Signal>(around_.executor, around_.deadlines);
  co_await pause_->wait(until);
  pause_.reset();
}

}  // namespace godwit::server
