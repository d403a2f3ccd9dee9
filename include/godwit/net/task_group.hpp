// SPDX-License-Identifier: Apache-2.0
// The coroutines that belong together: a server's connections, a dispatcher's attempts.  No task is spawned outside a
// group, so that the end can refuse new ones, cancel those under way and wait until they are gone.  One group belongs
// to one reactor; all calls there.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include "godwit/net/canceller.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/net/stream.hpp"

namespace godwit::net {

class TaskGroup {
 public:
  using OnException = std::function<void(std::exception_ptr)>;
  // `on_exception` gets what escapes a task: a bug or no memory; the task is over, the daemon lives.
  TaskGroup(boost::asio::any_io_executor executor, Deadlines& deadlines, OnException on_exception);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  // Requires: empty, or the reactor runs no more.

  // `task` is an awaitable<void>, or a function that makes one and is kept until it ended.  false: closed, nothing was
  // started.
  bool spawn(boost::asio::awaitable<void> task);
  template <std::invocable F>
  bool spawn(F task);
  // What waits without a coroutine: a task that ends with park() goes on with resume() as another one, also when the
  // group is closed.  The group counts it meanwhile.
  void park() { ++size_; }
  void resume(boost::asio::awaitable<void> task);

  // What a task waits for is ended by a hook: Canceller::Hook hook(&group.canceller(), [stream] { stream->cancel(); });
  Canceller& canceller() { return canceller_; }
  void close() { closed_ = true; }  // refuses new tasks
  void cancel();                    // closes, and calls the hooks
  bool closed() const { return closed_; }
  std::size_t size() const { return size_; }

  // Until no task is left.  Errors: timed_out.  At most one waiter.
  Task<> wait_empty(base::MonoTime deadline);

 private:
  void ended(std::exception_ptr error);

  boost::asio::any_io_executor executor_;
  OnException on_exception_;
  Canceller canceller_;
  Signal empty_;
  std::size_t size_ = 0;
  bool closed_ = false;
};

template <std::invocable F>
bool TaskGroup::spawn(F task) {
  if (closed_) return false;
  ++size_;
  boost::asio::co_spawn(executor_, std::move(task), [this](std::exception_ptr error) { ended(std::move(error)); });
  return true;
}

}  // namespace godwit::net
