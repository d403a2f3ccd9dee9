// SPDX-License-Identifier: Apache-2.0
// Work that blocks, done on a pool for a coroutine of a reactor.  `work` owns what it uses; what it throws is thrown to
// the caller.  The pool outlives the call.
#pragma once

#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace godwit::state {

template <class Result, class Work>
boost::asio::awaitable<Result> on_pool(boost::asio::any_io_executor pool, Work work) {
  auto doing = [](Work done) -> boost::asio::awaitable<Result> { co_return done(); };
  auto task = doing(std::move(work));
  auto result = co_await boost::asio::co_spawn(pool, std::move(task), boost::asio::use_awaitable);
  co_return result;
}

}  // namespace godwit::state
