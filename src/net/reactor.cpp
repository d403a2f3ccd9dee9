// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/reactor.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include <pthread.h>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "connect.hpp"
#include "godwit/net/signal.hpp"

namespace godwit::net {
namespace {

// Far deadlines are looked at again after so long; keeps time arithmetic from overflowing.
constexpr base::Duration longest_sleep = std::chrono::hours(1);

constexpr std::size_t many_handlers = 4;  // in one look; measured (docs/performance.md)

}  // namespace

Reactor::Reactor(const base::Clock& clock, std::size_t index)
    : index_(index),
      deadlines_(clock),
      scratch_(std::make_unique_for_overwrite<char[]>(scratch_size)),
      io_(1),
      work_(boost::asio::make_work_guard(io_)),
      timer_(io_) {
  deadlines_.on_earlier([this] { set_timer(); });
}

Reactor::~Reactor() {
  deadlines_.on_earlier({});
}

// As io_.run(), but where many handlers ran others get the processor before the next look: what they send or
// answer meanwhile is found by that look, where else each would wake this thread up once more.
void Reactor::run() {
  while (!io_.stopped()) {
    const std::size_t handled = io_.poll();
    if (handled == 0) io_.run_one();
    if (handled >= many_handlers) std::this_thread::yield();
  }
}

void Reactor::begin_stop() {
  boost::asio::post(io_, [this] { stopping_.cancel(); });
}

void Reactor::stop() {
  io_.stop();
}

// One timer for all deadlines; set anew only for an earlier one.
void Reactor::set_timer() {
  const base::MonoTime next = deadlines_.next();
  if (next >= timer_set_) return;
  timer_set_ = next;
  const base::Duration wait = next - now();
  timer_.expires_after(std::clamp(wait, base::Duration::zero(), longest_sleep));
  timer_.async_wait([this](const boost::system::error_code& aborted) {
    if (aborted) return;
    timer_set_ = base::no_deadline;
    deadlines_.expire(now());
    set_timer();
  });
}

Task<std::unique_ptr<Stream>> Reactor::connect(base::Endpoint remote, ConnectOptions options) {
  return connect_socket(executor(), deadlines_, stopping_, std::move(remote), std::move(options));
}

Task<> Reactor::sleep_until(base::MonoTime until) {
  Signal alarm(executor(), deadlines_);
  Signal* const waiting = &alarm;
  const Canceller::Hook on_stop(&stopping_, [waiting] { waiting->cancel(); });
  auto ended = co_await alarm.wait(until);
  if (!ended && ended.error().kind == base::ErrorKind::timed_out) co_return base::Result<>();
  co_return ended;
}

ReactorPool::ReactorPool(const base::Clock& clock, std::size_t count) {
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i)
    reactors_.push_back(std::make_unique<Reactor>(clock, i));
}

ReactorPool::~ReactorPool() {
  stop();
  join();
}

void ReactorPool::start() {
  for (auto& reactor : reactors_) {
    // A thread names itself: to name another one is to write to a file in /proc.
    threads_.emplace_back([running = reactor.get()] {
      ::pthread_setname_np(::pthread_self(), fmt::format("reactor-{}", running->index()).c_str());
      running->run();
    });
  }
}

void ReactorPool::begin_stop() {
  for (auto& reactor : reactors_) reactor->begin_stop();
}

void ReactorPool::stop() {
  for (auto& reactor : reactors_) reactor->stop();
}

void ReactorPool::abandon() {
  for (auto& reactor : reactors_) reactor->abandon();
}

void ReactorPool::join() {
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace godwit::net
