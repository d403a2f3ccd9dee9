// SPDX-License-Identifier: Apache-2.0
// A pause without a clock: whatever else is ready on the same executor runs first.
#pragma once

#include <cstdint>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace godwit::test {

inline boost::asio::awaitable<void> let_others_run(std::uint64_t turns = 1) {
  const auto here = co_await boost::asio::this_coro::executor;
  for (; turns > 0; --turns) co_await boost::asio::post(here, boost::asio::use_awaitable);
}

}  // namespace godwit::test
