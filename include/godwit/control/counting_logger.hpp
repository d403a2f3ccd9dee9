// SPDX-License-Identifier: Apache-2.0
// A log whose lines are counted for the metrics on their way.  Any thread.
#pragma once

#include "godwit/control/event_counts.hpp"
#include "godwit/log/logger.hpp"

namespace godwit::control {

class CountingLogger final : public log::Logger {
 public:
  // It outlives this one.
  explicit CountingLogger(log::Logger& log) : log_(log) {}

  bool enabled(log::Level level) const override { return log_.enabled(level); }
  void write(log::Level level, std::string_view event, std::span<const log::Field> fields) override {
    counts_.count(event, fields);
    log_.write(level, event, fields);
  }
  EventCounts::Values counts() const { return counts_.values(); }

 private:
  log::Logger& log_;
  EventCounts counts_;
};

}  // namespace godwit::control
