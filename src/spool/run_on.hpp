// SPDX-License-Identifier: Apache-2.0
// Runs a coroutine on another executor; the caller resumes on its own.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace godwit::spool {

template <class T>
boost::asio::awaitable<T> run_on(boost::asio::any_io_executor executor, boost::asio::awaitable<T> task) {
  co_return co_await boost::asio::co_spawn(executor, std::move(task), boost::asio::use_awaitable);
}

}  // namespace godwit::spool
