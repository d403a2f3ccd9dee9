// SPDX-License-Identifier: Apache-2.0
// Runs a coroutine to its end on this thread: what the tools do with the disk may block.
#pragma once

#include <future>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace godwit::tools {

template <class T>
T run_here(boost::asio::io_context& context, boost::asio::awaitable<T> task) {
  auto result = boost::asio::co_spawn(context, std::move(task), boost::asio::use_future);
  context.restart();
  context.run();
  return result.get();
}

}  // namespace godwit::tools
