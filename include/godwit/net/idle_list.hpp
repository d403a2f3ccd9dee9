// SPDX-License-Identifier: Apache-2.0
// Connections that wait for their next use; bounded.  Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace godwit::net {

template <class T>
class IdleList {
 public:
  // The one used last; null: there is none.
  std::unique_ptr<T> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto one = std::move(idle_.back());
    idle_.pop_back();
    return one;
  }
  void give_back(std::unique_ptr<T> one) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < most) idle_.push_back(std::move(one));
  }

 private:
  static constexpr std::size_t most = 4;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace godwit::net
