// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/log/logger.hpp"

namespace godwit::testing {

// A log that remembers the names of events.  Written from any thread; `names` is read when nobody writes.
class EventNames final : public log::Logger {
 public:
  bool enabled(log::Level) const override { return true; }
  void write(log::Level, std::string_view event, std::span<const log::Field>) override {
    const std::lock_guard lock(mutex_);
    names.emplace_back(event);
  }
  std::ptrdiff_t count(std::string_view event) const { return std::ranges::count(names, event); }

  std::vector<std::string> names;

 private:
  std::mutex mutex_;
};

}  // namespace godwit::testing
