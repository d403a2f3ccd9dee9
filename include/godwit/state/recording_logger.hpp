// SPDX-License-Identifier: Apache-2.0
// A log whose lines about messages go into the history too: whoever logs an event of a message has recorded it.  A line
// is one of a message when its first field is `id`.  The history takes all of them, also those that are too detailed
// for the log's level.  What was refused has no id, and strangers may make any number of it: it goes into a history of
// its own, which it cannot crowd out of the other.  Any thread.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <variant>

#include "godwit/log/events.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/state/history.hpp"

namespace godwit::state {

class RecordingLogger final : public log::Logger {
 public:
  // All outlive it.
  RecordingLogger(log::Logger& log, History& history, History& refusals)
      : log_(log), history_(history), refusals_(refusals) {}

  bool enabled(log::Level) const override { return true; }
  void write(log::Level level, std::string_view event, std::span<const log::Field> fields) override {
    if (!fields.empty() && fields.front().name == "id") history_.add(event, fields);
    if (event == log::event::rejected && is_of_envelope(fields)) refusals_.add(event, fields);
    if (log_.enabled(level)) log_.write(level, event, fields);
  }

 private:
  // Of a sender, a recipient or a message; not of a client that was turned away before it named any.
  static bool is_of_envelope(std::span<const log::Field> fields) {
    return std::ranges::any_of(fields, [](const log::Field& field) {
      const auto* stage = std::get_if<std::string_view>(&field.value);
      return field.name == log::field::stage && stage != nullptr &&
             (*stage == "mail" || *stage == "rcpt" || *stage == "data");
    });
  }

  log::Logger& log_;
  History& history_;
  History& refusals_;
};

}  // namespace godwit::state
