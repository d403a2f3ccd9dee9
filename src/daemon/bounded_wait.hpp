// SPDX-License-Identifier: Apache-2.0
// Waits for what another thread may never end (a disk that does not answer), until a deadline or the end of the task
// group.  What was waited for goes on by itself, must own what it uses, and is forgotten.  All on one reactor.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/net/task_group.hpp"

namespace godwit::daemon {

// All outlive the wait, executor and deadlines also what was waited for.
struct WaitPlace {
  boost::asio::any_io_executor executor;
  net::Deadlines& deadlines;
  net::TaskGroup& tasks;
};

template <class T>
struct WaitedFor {
  explicit WaitedFor(const WaitPlace& place) : ended(place.executor, place.deadlines) {}
  net::Signal ended;
  std::optional<T> result;
  std::exception_ptr thrown;
};

// Nothing: it did not end in its time.  What it throws is thrown.
template <class T>
boost::asio::awaitable<std::optional<T>> wait_within(WaitPlace place, boost::asio::awaitable<T> task,
                                                     base::MonoTime deadline) {
  const auto waited = std::make_shared<WaitedFor<T>>(place);
  auto take = [waited](std::exception_ptr thrown, T result) {
    waited->thrown = std::move(thrown);
    if (!waited->thrown) waited->result = std::move(result);
    waited->ended.notify();
  };
  boost::asio::co_spawn(place.executor, std::move(task), std::move(take));
  const net::Canceller::Hook hook(&place.tasks.canceller(), [waited] { waited->ended.cancel(); });
  auto waiting = waited->ended.wait(deadline);
  static_cast<void>(co_await std::move(waiting));
  if (waited->thrown) std::rethrow_exception(waited->thrown);
  co_return std::move(waited->result);
}

}  // namespace godwit::daemon
