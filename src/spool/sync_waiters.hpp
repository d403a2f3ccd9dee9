// SPDX-License-Identifier: Apache-2.0
// Who waits until everything that was handed to the committer before is on disk.  Counts what came and what was
// settled; both go in order.  Not thread-safe: the core holds its mutex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace godwit::spool {

class SyncWaiters {
 public:
  using Waiter = std::move_only_function<void(bool)>;  // all was written

  bool empty() const { return waiting_.empty(); }
  bool all_settled() const { return handed_over_ == settled_; }
  void handed_over() { ++handed_over_; }
  void add(Waiter waiter) { waiting_.emplace_back(handed_over_, std::move(waiter)); }

  // `count` more are settled; gives those who waited for no more than that.
  std::vector<Waiter> settle(std::size_t count) {
    settled_ += count;
    std::vector<Waiter> ready;
    std::erase_if(waiting_, [&](auto& one) {
      if (one.first > settled_) return false;
      ready.push_back(std::move(one.second));
      return true;
    });
    return ready;
  }

 private:
  std::uint64_t handed_over_ = 0, settled_ = 0;
  std::vector<std::pair<std::uint64_t, Waiter>> waiting_;
};

}  // namespace godwit::spool
