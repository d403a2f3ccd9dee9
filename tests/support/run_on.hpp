// SPDX-License-Identifier: Apache-2.0
// Runs tasks on a reactor, or on an io_context, until all have ended; a watchdog turns a hang into a failure.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace godwit::testing {

template <class... T>
std::tuple<T...> run_together(boost::asio::io_context& io, boost::asio::awaitable<T>... tasks) {
  std::tuple<std::optional<T>...> results;
  std::exception_ptr thrown;
  std::size_t left = sizeof...(T);
  const auto spawn = [&](auto& result, auto task) {
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, auto value) {
      if (error) thrown = error;
      result = std::move(value);
      if (--left == 0) io.stop();
    });
  };
  std::apply([&](auto&... result) { (spawn(result, std::move(tasks)), ...); }, results);
  io.restart();
  io.run_for(std::chrono::seconds(30));
  if (thrown) std::rethrow_exception(thrown);
  if (left != 0) throw std::runtime_error("a task never ended");
  return std::apply([](auto&... result) { return std::tuple<T...>(std::move(*result)...); }, results);
}

template <class T>
T run_on(boost::asio::io_context& io, boost::asio::awaitable<T> task) {
  return std::get<0>(run_together(io, std::move(task)));
}

}  // namespace godwit::testing
