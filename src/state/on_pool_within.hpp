// SPDX-License-Identifier: Apache-2.0
// As on_pool, for those who do not wait longer than `patience`: what takes longer is done all the same, and nobody
// hears of it.  Called on a reactor of one thread, which outlives the work; `work` throws nothing.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/base/clock.hpp"

namespace godwit::state {

// Nothing: it took longer.
template <class Result, class Work>
boost::asio::awaitable<std::optional<Result>> on_pool_within(boost::asio::any_io_executor pool, base::Duration patience,
                                                             Work work) {
  // Only the reactor looks into it; the timer is the caller's, so that nothing of the reactor is left with the pool.
  struct Answer {
    std::optional<Result> result;
    boost::asio::steady_timer* waiting = nullptr;
  };
  const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor, patience);
  auto answer = std::make_shared<Answer>();
  // Also when the coroutine is destroyed where it waits.
  struct Waiting {
    std::shared_ptr<Answer> answer;
    Waiting(std::shared_ptr<Answer> of, boost::asio::steady_timer& timer) : answer(std::move(of)) {
      answer->waiting = &timer;
    }
    Waiting(const Waiting&) = delete;
    ~Waiting() { answer->waiting = nullptr; }
  } const waiting(answer, timer);
  boost::asio::post(pool, [executor, answer = std::move(answer), work = std::move(work)]() mutable {
    auto result = work();
    boost::asio::post(executor, [answer = std::move(answer), result = std::move(result)]() mutable {
      answer->result.emplace(std::move(result));
      if (answer->waiting != nullptr) answer->waiting->cancel();
    });
  });
  boost::system::error_code aborted;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, aborted));
  co_return std::move(waiting.answer->result);
}

}  // namespace godwit::state
