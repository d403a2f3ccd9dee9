// SPDX-License-Identifier: Apache-2.0
// Runs a coroutine to its end on the calling thread, while no reactor runs yet: for what a start reads and writes.
#pragma once

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace godwit::daemon {

template <class T>
T run_alone(boost::asio::awaitable<T> task) {
  boost::asio::io_context context;
  auto running = boost::asio::co_spawn(context, std::move(task), boost::asio::use_future);
  context.run();
  return running.get();
}

}  // namespace godwit::daemon
