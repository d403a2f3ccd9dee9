// SPDX-License-Identifier: Apache-2.0
// Threads for work that blocks: passwords, Maildirs, large bodies (BoundedPool), the spool's committer (SingleThread).
// A pool is bounded: what finds `max_waiting` others before it is refused, so that a flood of one kind of work cannot
// eat the memory. End: stop() (any thread: new work is refused, waiting work is answered `cancelled`), then join()
// while the reactors that wait for answers still exist.  A pool of no threads does nothing by itself: whoever made it
// runs context(), as a simulation of hosts does, where all is one thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/net/await_callback.hpp"
#include "godwit/net/context.hpp"

namespace godwit::net {

namespace detail {
template <class T>
struct AsResult {
  using type = base::Result<T>;
};
template <class T>
struct AsResult<base::Result<T>> {
  using type = base::Result<T>;
};
}  // namespace detail

// Background threads yield to all others (nice 10, where the system lets them): what they do, nobody waits for.
enum class Priority : std::uint8_t { normal, background };
// At once, or by start(): what is posted before waits.
enum class Begin : std::uint8_t { now, later };

class BoundedPool {
 public:
  // `name` is what ps and gdb show (15 characters).
  BoundedPool(std::string name, std::size_t threads, std::size_t max_waiting, Priority priority = Priority::normal,
              Begin begin = Begin::now);
  ~BoundedPool();  // stop and join
  BoundedPool(const BoundedPool&) = delete;
  BoundedPool& operator=(const BoundedPool&) = delete;

  // The threads begin.  Again: nothing.
  void start();

  // Runs `function()` on the pool and goes on on the caller's executor.  A function that gives a Result gives that
  // Result; what it throws is thrown to the caller.  `function` must own what it uses.  Errors: exhausted (too many
  // wait), cancelled (stopped).
  template <class F>
  boost::asio::awaitable<typename detail::AsResult<std::invoke_result_t<F&>>::type> run(F function);

  // For coroutines that may block; not counted against max_waiting.
  boost::asio::any_io_executor executor() { return io_.get_executor(); }
  boost::asio::io_context& context() { return io_; }

  std::size_t waiting() const { return waiting_; }
  void stop();
  void join();  // what waits in a pool of no threads is done on the calling thread
  // join(), unless the threads take longer.  false: one hangs in the system, and the pool can't be destroyed.
  bool join_for(base::Duration patience);
  // Where no thread runs (any more): destroys what is left, while all that it refers to still exists.
  void abandon() { io_.abandon(); }

 private:
  void work();
  bool enter();  // one more waits; false: no room

  std::string name_;
  std::size_t count_;  // of threads
  std::size_t max_waiting_;
  Priority priority_;
  std::atomic<std::size_t> waiting_ = 0;
  std::atomic<bool> stopping_ = false;
  Context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t working_ = 0;  // threads that have not ended; under mutex_
  std::vector<std::thread> threads_;
};

// One thread, one after the other, unbounded: its callers bound themselves (the spool's committer).
class SingleThread {
 public:
  explicit SingleThread(std::string name, std::size_t threads = 1, Begin begin = Begin::now)  // or 0
      : pool_(std::move(name), threads, static_cast<std::size_t>(-1), Priority::normal, begin) {}
  void start() { pool_.start(); }
  boost::asio::any_io_executor executor() { return pool_.executor(); }
  boost::asio::io_context& context() { return pool_.context(); }
  void stop() { pool_.stop(); }
  void join() { pool_.join(); }
  void abandon() { pool_.abandon(); }

 private:
  BoundedPool pool_;
};

template <class F>
boost::asio::awaitable<typename detail::AsResult<std::invoke_result_t<F&>>::type> BoundedPool::run(F function) {
  using R = std::invoke_result_t<F&>;
  using Result = typename detail::AsResult<R>::type;
  struct Answer {
    Result result;
    std::exception_ptr thrown;
  };
  if (stopping_) co_return base::fail(base::ErrorKind::cancelled, "stopping");
  if (!enter()) co_return base::fail(base::ErrorKind::exhausted, name_ + ": too much work waits");
  auto start = [this, &function](Callback<Answer> done) {
    boost::asio::post(io_, [this, function = std::move(function), done = std::move(done)]() mutable {
      --waiting_;
      Answer answer{base::fail(base::ErrorKind::cancelled, "stopping"), nullptr};
      try {
        if (stopping_) {
        } else if constexpr (std::is_void_v<R>) {
          function();
          answer.result = {};
        } else {
          answer.result = function();
        }
      } catch (...) {
        answer.thrown = std::current_exception();
      }
      done(std::move(answer));
    });
  };
  Answer answer = co_await await_callback<Answer>(std::move(start));
  if (answer.thrown) std::rethrow_exception(answer.thrown);
  co_return std::move(answer.result);
}

}  // namespace godwit::net
