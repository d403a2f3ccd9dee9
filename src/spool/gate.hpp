// SPDX-License-Identifier: Apache-2.0
// Lets listings in, many at a time, or compaction, but not both: while messages move between segments, who walks the
// segments would see one twice or not at all.  Listings wait for a batch of copies at most; compaction asks again.
// Thread-safe.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace godwit::spool {

class Gate {
 public:
  // A listing's stay.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate) {}
    ~Pass() { gate_.leave(); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    Gate& gate_;
  };

  // Afterwards the caller makes a Pass at once.
  boost::asio::awaitable<void> enter() {
    auto initiate = [this](auto handler) {
      const auto executor = boost::asio::get_associated_executor(handler);
      {
        const std::scoped_lock lock(mutex_);
        if (moving_) {
          waiting_.push_back(
              [executor, done = std::move(handler)]() mutable { boost::asio::post(executor, std::move(done)); });
          return;
        }
        ++listings_;
      }
      boost::asio::post(executor, std::move(handler));
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(initiate,
                                                                                       boost::asio::use_awaitable);
  }
  bool try_move() {
    const std::scoped_lock lock(mutex_);
    if (moving_ || listings_ > 0) return false;
    moving_ = true;
    return true;
  }
  void moved() {
    std::vector<std::move_only_function<void()>> waiting;
    {
      const std::scoped_lock lock(mutex_);
      moving_ = false;
      waiting = std::exchange(waiting_, {});
      listings_ += waiting.size();
    }
    for (auto& one : waiting) one();
  }

 private:
  void leave() {
    const std::scoped_lock lock(mutex_);
    --listings_;
  }

  std::mutex mutex_;
  std::size_t listings_ = 0;
  bool moving_ = false;
  std::vector<std::move_only_function<void()>> waiting_;
};

}  // namespace godwit::spool
