// SPDX-License-Identifier: Apache-2.0
// A network in virtual time: sleeping moves the clock, and a connection is a stream prepared by the test.
#pragma once

#include <deque>
#include <memory>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/net/stream.hpp"
#include "support/manual_clock.hpp"

namespace godwit::testing {

class ManualNetwork final : public net::Network {
 public:
  ManualNetwork(boost::asio::any_io_executor executor, ManualClock& clock)
      : executor_(std::move(executor)), clock_(clock) {}

  // Answers the next connect(): with a stream, with a refusal, or with silence until its deadline.
  void prepare(std::unique_ptr<net::Stream> stream) { prepared_.push_back({std::move(stream)}); }
  void refuse() { prepared_.push_back({}); }
  void ignore() { prepared_.push_back({.stream = nullptr, .silent = true}); }

  net::Task<std::unique_ptr<net::Stream>> connect(base::Endpoint, net::ConnectOptions options) override {
    co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    Prepared next;
    if (!prepared_.empty()) {
      next = std::move(prepared_.front());
      prepared_.pop_front();
    }
    if (next.silent) clock_.advance_to(options.deadline);
    if (next.silent) co_return base::fail(base::ErrorKind::timed_out, "timed out");
    if (!next.stream) co_return base::fail(base::ErrorKind::refused, "connection refused");
    co_return std::move(next.stream);
  }
  net::Task<> sleep_until(base::MonoTime until) override {
    co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    clock_.advance_to(until);
    co_return base::Result<>();
  }
  base::MonoTime now() const override { return clock_.now; }

 private:
  struct Prepared {
    std::unique_ptr<net::Stream> stream;
    bool silent = false;
  };

  boost::asio::any_io_executor executor_;
  ManualClock& clock_;
  std::deque<Prepared> prepared_;
};

}  // namespace godwit::testing
