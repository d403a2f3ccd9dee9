// SPDX-License-Identifier: Apache-2.0
// Runs one awaitable to its end on an io_context of its own (or a given one) and gives its value.
#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace godwit::testing {

template <class T>
T run_awaitable(boost::asio::io_context& io, boost::asio::awaitable<T> task) {
  std::optional<T> result;
  std::exception_ptr error;
  boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr thrown, T value) {
    error = thrown;
    result = std::move(value);
    io.stop();
  });
  io.restart();
  io.run();
  if (error) std::rethrow_exception(error);
  if (!result) throw std::runtime_error("the awaitable never ended");
  return std::move(*result);
}

template <class T>
T run_awaitable(boost::asio::awaitable<T> task) {
  boost::asio::io_context io;
  return run_awaitable(io, std::move(task));
}

}  // namespace godwit::testing
