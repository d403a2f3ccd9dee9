// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "godwit/log/logger.hpp"

namespace godwit::test {

// Remembers the names of events, with the id where they have one.
class EventLogger final : public log::Logger {
 public:
  bool enabled(log::Level) const override { return true; }
  void write(log::Level, std::string_view event, std::span<const log::Field> fields) override {
    std::string line(event);
    for (const log::Field& field : fields)
      if (const auto* id = std::get_if<std::string>(&field.value); id != nullptr && field.name == "id")
        line += " " + *id;
    events.push_back(std::move(line));
  }
  std::size_t count(std::string_view event) const {
    return static_cast<std::size_t>(std::ranges::count(events, event));
  }
  std::vector<std::string> events;
};

}  // namespace godwit::test
