// SPDX-License-Identifier: Apache-2.0
// A log whose lines about messages go into the history too: whoever logs an event of a message has recorded it.  A line
// is one of a message when its first field is `id`.  The history takes all of them, also those that are too detailed
// for the log's level.  Any thread.
#pragma once

#include "godwit/log/logger.hpp"
#include "godwit/state/history.hpp"

namespace godwit::state {

class RecordingLogger final : public log::Logger {
 public:
  // Both outlive it.
  RecordingLogger(log::Logger& log, History& history) : log_(log), history_(history) {}

  bool enabled(log::Level) const override { return true; }
  void write(log::Level level, std::string_view event, std::span<const log::Field> fields) override {
    if (!fields.empty() && fields.front().name == "id") history_.add(event, fields);
    if (log_.enabled(level)) log_.write(level, event, fields);
  }

 private:
  log::Logger& log_;
  History& history_;
};

}  // namespace godwit::state
