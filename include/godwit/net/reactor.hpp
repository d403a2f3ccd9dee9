// SPDX-License-Identifier: Apache-2.0
// One io_context run by one thread: everything of a connection happens on its reactor, so nothing there needs a lock;
// threads talk by boost::asio::post to executor().  daemon/ makes the reactors and runs them; others get executor,
// network and scratch. Order of the end: begin_stop() → wait for the task groups → stop() → join → pools joined →
// abandon() → destroy.  abandon() destroys the coroutines that are left, while all that they refer to still exists.
// A simulated reactor derives from this: it connects otherwise, and its context and deadlines are run by others.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/net/canceller.hpp"
#include "godwit/net/context.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/stream.hpp"

namespace godwit::net {

class Reactor : private Network {
 public:
  explicit Reactor(const base::Clock& clock, std::size_t index = 0);
  ~Reactor() override;
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Until stop(), on the calling thread.
  void run();
  // Any thread: sleeps and connects end with `cancelled`, also later ones.  Streams and listeners are their owners' to
  // end.
  void begin_stop();
  // Any thread: run() returns soon; what still waits never goes on.
  void stop();
  // After run() has returned, and nobody posts any more: destroys what still waits.  Nothing can be run afterwards.
  void abandon() { io_.abandon(); }

  std::size_t index() const { return index_; }
  boost::asio::any_io_executor executor() { return io_.get_executor(); }
  boost::asio::io_context& context() { return io_; }
  Network& network() { return *this; }
  Deadlines& deadlines() { return deadlines_; }
  // One read buffer (64 KiB) for all connections of the reactor: filled and consumed between two suspensions.
  std::span<char> scratch() { return {scratch_.get(), scratch_size}; }

 private:
  Task<std::unique_ptr<Stream>> connect(base::Endpoint remote, ConnectOptions options) override;
  Task<> sleep_until(base::MonoTime until) override;
  base::MonoTime now() const override { return deadlines_.now(); }

  void set_timer();

  std::size_t index_;
  Deadlines deadlines_;  // outlives the coroutines in io_
  Canceller stopping_;   // likewise
  static constexpr std::size_t scratch_size = std::size_t{64} << 10U;
  std::unique_ptr<char[]> scratch_;  // takes memory only as far as it was ever filled
  Context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  base::MonoTime timer_set_ = base::no_deadline;
};

// N reactors and their threads.
class ReactorPool {
 public:
  ReactorPool(const base::Clock& clock, std::size_t count);  // at least one
  explicit ReactorPool(std::vector<std::unique_ptr<Reactor>> reactors) : reactors_(std::move(reactors)) {}
  ~ReactorPool();  // stop and join

  std::size_t size() const { return reactors_.size(); }
  Reactor& operator[](std::size_t index) { return *reactors_[index]; }
  void start();
  void begin_stop();
  void stop();
  void join();
  void abandon();

 private:
  std::vector<std::unique_ptr<Reactor>> reactors_;
  std::vector<std::thread> threads_;
};

}  // namespace godwit::net
