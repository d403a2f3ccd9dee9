// SPDX-License-Identifier: Apache-2.0
// Turns a call that answers by callback, on whatever thread, into an awaitable that goes on on the caller's executor.
//
//   auto answer = co_await net::await_callback<Answer>([&](auto done) { library.ask(name, std::move(done)); });
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace godwit::net {

template <class T>
using Callback = std::move_only_function<void(T)>;

// `start` gets a Callback<T>, to be called exactly once, while the caller's executor still exists.  What `start` refers
// to must live only until it returns.
template <class T, class Start>
boost::asio::awaitable<T> await_callback(Start start) {
  auto initiate = [&start](auto handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    start(Callback<T>([executor, handler = std::move(handler)](T value) mutable {
      boost::asio::post(executor, [handler = std::move(handler), value = std::move(value)]() mutable {
        std::move(handler)(std::move(value));
      });
    }));
  };
  T result = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(T)>(
      initiate, boost::asio::use_awaitable);
  co_return result;
}

}  // namespace godwit::net
