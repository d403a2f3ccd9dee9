// SPDX-License-Identifier: Apache-2.0
#include "sim/host/stream.hpp"

#include <cerrno>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace godwit::sim {
namespace {

using std::chrono::microseconds, std::chrono::milliseconds;

net::IoResult broken() {
  return {.status = net::IoResult::Status::failed, .os_error = ECONNRESET};
}

}  // namespace

Stream::Stream(std::shared_ptr<Wire> wire, Side side, net::Reactor& reactor, Lines& lines)
    : wire_(std::move(wire)),
      side_(side),
      reactor_(reactor),
      lines_(lines),
      reading_(reactor.executor(), reactor.deadlines()),
      writing_(reactor.executor(), reactor.deadlines()),
      parked_until_(
          reactor.deadlines(), [](void* self) { static_cast<Stream*>(self)->unpark(); }, this) {
  wire_->on_news(side_, [this] { wake(); });
  std::erase_if(lines_.wires, [](const auto& one) { return one.first.expired(); });
  lines_.wires.emplace_back(wire_, side_);
  if (lines_.unplugged) wire_->vanish(side_);
}

void Lines::unplug() {
  unplugged = true;
  for (const auto& [line, side] : wires)
    if (const auto wire = line.lock()) wire->vanish(side);
  wires.clear();
}

Stream::~Stream() {
  wire_->close(side_);
}

net::IoResult Stream::try_read(std::span<char> into) {
  using Status = net::IoResult::Status;
  if (wire_->is_broken(side_)) return broken();
  if (wire_->at_end(side_)) return {.status = Status::end};
  const auto bytes = wire_->take(side_, into.size());
  if (bytes.empty()) return {.status = Status::would_block};
  bytes.copy(into.data(), bytes.size());
  return {.status = Status::ok, .bytes = bytes.size()};
}

net::IoResult Stream::try_write(std::string_view bytes) {
  using Status = net::IoResult::Status;
  if (wire_->is_broken(side_)) return broken();
  if (wire_->has_ended_writing(side_)) return {.status = Status::failed, .os_error = EPIPE};
  const auto count = wire_->write(side_, bytes);
  if (count == 0) return {.status = Status::would_block};
  return {.status = Status::ok, .bytes = count};
}

void Stream::shake_hands() {
  tls_.emplace();
  tls_->version = "TLSv1.3";
  tls_->cipher = "simulated";
}

net::Task<> Stream::readable(base::MonoTime deadline) {
  return wait(reading_, &Stream::can_read, read_interrupted_, deadline);
}

net::Task<> Stream::writable(base::MonoTime deadline) {
  return wait(writing_, &Stream::can_write, write_interrupted_, deadline);
}

// Through the executor at least once, as a socket's wait.
net::Task<> Stream::wait(net::Signal& signal, bool (Stream::*possible)() const, bool& interrupted,
                         base::MonoTime deadline) {
  interrupted = false;
  co_await boost::asio::post(reactor_.executor(), boost::asio::use_awaitable);
  for (;;) {
    if (cancelled_ || interrupted) co_return base::fail(base::ErrorKind::cancelled, "cancelled");
    if (reactor_.deadlines().now() >= deadline) co_return base::fail(base::ErrorKind::timed_out, "timed out");
    if ((this->*possible)()) co_return base::Result<>();
    std::ignore = co_await signal.wait(deadline);
  }
}

void Stream::park(base::MonoTime deadline, Wake then) {
  read_interrupted_ = false;
  lines_.parked[wire_->number()] = std::move(then);
  parked_until_.arm(deadline);
  if (cancelled_ || can_read()) unpark();
}

void Stream::unpark() {
  const auto found = lines_.parked.find(wire_->number());
  if (found == lines_.parked.end()) return;
  parked_until_.disarm();
  auto then = std::move(found->second);
  lines_.parked.erase(found);
  boost::asio::post(reactor_.executor(), std::move(then));
}

void Stream::wake() {
  reading_.notify();
  writing_.notify();
  if (can_read()) unpark();
}

void Stream::cancel() {
  cancelled_ = true;
  reading_.cancel();
  writing_.cancel();
  unpark();
}

void Stream::interrupt() {
  read_interrupted_ = write_interrupted_ = true;
  reading_.notify();
  writing_.notify();
  unpark();
}

Listener::Listener(Internet& network, base::Endpoint local, net::Reactor& reactor, Lines& lines)
    : local_(std::move(local)),
      reactor_(reactor),
      lines_(lines),
      came_(reactor.executor(), reactor.deadlines()),
      ticket_(network.listen(local_, [this](std::shared_ptr<Wire> wire) {
        waiting_.push_back(std::make_unique<Stream>(std::move(wire), server, reactor_, lines_));
        came_.notify();
      })) {}

net::Task<std::unique_ptr<net::Stream>> Listener::accept() {
  for (;;) {
    if (!waiting_.empty()) {
      auto stream = std::move(waiting_.front());
      waiting_.pop_front();
      co_return std::move(stream);
    }
    if (closed_) co_return base::fail(base::ErrorKind::cancelled, "the listener was closed");
    std::ignore = co_await came_.wait(base::no_deadline);
  }
}

void Listener::close() {
  closed_ = true;
  ticket_.reset();
  came_.notify();
}

// Its own timer would be one of the real time.
Reactor::Reactor(World& world, Internet& network, const base::Clock& clock, std::size_t index, base::IpAddress address,
                 Lines& lines)
    : net::Reactor(clock, index), world_(world), network_(network), address_(address), lines_(lines) {
  deadlines().on_earlier({});
}

net::Task<std::unique_ptr<net::Stream>> Reactor::connect(base::Endpoint remote, net::ConnectOptions options) {
  net::Signal alarm(executor(), deadlines());
  net::Signal* const waiting = &alarm;
  const net::Canceller::Hook on_cancel(options.canceller, [waiting] { waiting->cancel(); });
  const auto there = world_.now() + world_.between(microseconds(100), milliseconds(50));
  auto cancelled = co_await alarm.wait(std::min(there, options.deadline));
  if (!cancelled && cancelled.error().kind == base::ErrorKind::cancelled)
    co_return base::fail(base::ErrorKind::cancelled, "cancelled");
  auto attempt = lines_.unplugged ? Internet::Attempt{} : network_.connect(address_, remote);
  if (attempt.kind == Internet::Attempt::Kind::refused)
    co_return base::fail(base::ErrorKind::refused, "connection refused", ECONNREFUSED);
  if (attempt.kind == Internet::Attempt::Kind::connected)
    co_return std::make_unique<Stream>(std::move(attempt.wire), client, *this, lines_);
  auto ended = co_await alarm.wait(options.deadline);
  co_return std::unexpected(ended.error());
}

}  // namespace godwit::sim
