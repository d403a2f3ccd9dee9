// SPDX-License-Identifier: Apache-2.0
// One line an event, the same fields in text (key=value) and JSON.  Every value is escaped here, so callers pass what
// they have, also what a peer sent.  Thread-safe; never blocks the caller: lines go through a bounded queue to a writer
// thread, and lines lost because it was full are counted and reported.  Field names are fixed words of ours, too.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/log/settings.hpp"

namespace godwit::log {

struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, std::string> value;

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, std::string&& v) : name(n), value(std::move(v)) {}
  template <std::integral T>
  Field(std::string_view n, T v) : name(n), value(static_cast<std::int64_t>(v)) {}
};
using Fields = std::initializer_list<Field>;

class Logger {
 public:
  virtual ~Logger() = default;
  virtual bool enabled(Level level) const = 0;
  virtual void write(Level level, std::string_view event, std::span<const Field> fields) = 0;

  // `event` is a fixed word of ours: "accepted", "delivered", "listening", …
  void info(std::string_view event, Fields fields = {}) { put(Level::info, event, fields); }
  void warn(std::string_view event, Fields fields = {}) { put(Level::warn, event, fields); }
  void error(std::string_view event, Fields fields = {}) { put(Level::error, event, fields); }
  void debug(std::string_view event, Fields fields = {}) { put(Level::debug, event, fields); }
  // Unlike write(), nothing of a level that is not enabled.
  void put(Level level, std::string_view event, Fields fields) {
    if (enabled(level)) write(level, event, std::span(fields.begin(), fields.size()));
  }
};

// The daemon's log: standard error, a file (reopen() after rotation), or "syslog".
class FileLogger : public Logger {
 public:
  // The writer's thread begins; lines wait until then.  Called once, at the latest by flush() or the destructor.
  virtual void start() = 0;
  virtual base::Result<> reopen() = 0;
  virtual void set_level(Level level) = 0;
  virtual void flush() = 0;
};
base::Result<std::unique_ptr<FileLogger>> open_logger(const Settings& settings, const base::Clock& clock);

// Swallows everything; for tests and tools.
Logger& null_logger();

}  // namespace godwit::log
