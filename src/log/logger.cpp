// SPDX-License-Identifier: Apache-2.0
// The daemon's logger: lines are made by the caller and written by one thread.
#include "godwit/log/logger.hpp"

#include <atomic>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <pthread.h>
#include <unistd.h>

#include "godwit/log/events.hpp"
#include "godwit/log/line.hpp"
#include "godwit/log/recent_lines.hpp"
#include "journal.hpp"
#include "line_queue.hpp"
#include "sink.hpp"

namespace godwit::log {
namespace {

class AsyncLogger final : public FileLogger {
 public:
  // recent: may be null.
  AsyncLogger(const Settings& settings, const base::Clock& clock, std::unique_ptr<Sink> sink, RecentLines* recent)
      : clock_(clock), format_(settings.format), level_(settings.level), sink_(std::move(sink)), recent_(recent) {}
  ~AsyncLogger() override {
    start();
    queue_.close();
  }

  void start() override {
    std::call_once(started_, [this] { writer_ = std::jthread([this] { write_all(); }); });
  }

  bool enabled(Level level) const override { return level >= level_.load(std::memory_order_relaxed); }

  void write(Level level, std::string_view event, std::span<const Field> fields) override {
    queue_.put(line(level, event, fields));
  }

  base::Result<> reopen() override { return sink_->reopen(); }
  void set_level(Level level) override { level_ = level; }
  void flush() override {
    start();
    queue_.flush();
  }

 private:
  Line line(Level level, std::string_view event, std::span<const Field> fields) const {
    const auto time = clock_.wall();
    Line made{.level = level,
              .text = format_ == Format::json ? json_line(time, level, event, fields)
                                              : text_line(time, level, event, fields)};
    if (sink_->takes_fields()) made.fields = journal_fields(level, event, fields);
    return made;
  }

  // The writer's thread.
  void write_all() {
    static_cast<void>(::pthread_setname_np(::pthread_self(), "log"));
    std::uint64_t lost = 0;
    while (auto batch = queue_.next()) {
      lost += batch->lost + sink_->write(batch->lines);
      if (recent_ != nullptr)
        for (Line& written : batch->lines) recent_->add(written.level, std::move(written.text));
      if (lost == 0) continue;
      const Field count("count", lost);
      std::deque<Line> report{line(Level::warn, event::log_lost, {&count, 1})};
      if (sink_->write(report) != 0) continue;  // said when the file takes lines again
      lost = 0;
      if (recent_ != nullptr) recent_->add(Level::warn, std::move(report.front().text));
    }
  }

  const base::Clock& clock_;
  const Format format_;
  std::atomic<Level> level_;
  const std::unique_ptr<Sink> sink_;
  RecentLines* const recent_;
  LineQueue queue_;
  std::once_flag started_;
  std::jthread writer_;  // the last: it ends first
};

OpenedSink open_sink(const std::string& file) {
  if (file == "syslog") return syslog_sink();
  const char* stream = std::getenv("JOURNAL_STREAM");
  if (file.empty() && stream != nullptr && leads_to_journal(STDERR_FILENO, stream))
    if (auto journal = journal_sink(journal_socket)) return journal;
  return file_sink(file);
}

base::Result<std::unique_ptr<FileLogger>> open_with(const Settings& settings, const base::Clock& clock,
                                                    RecentLines* recent) {
  auto sink = open_sink(settings.file);
  if (!sink) return std::unexpected(sink.error());
  return std::make_unique<AsyncLogger>(settings, clock, std::move(*sink), recent);
}

class NullLogger final : public Logger {
 public:
  bool enabled(Level) const override { return false; }
  void write(Level, std::string_view, std::span<const Field>) override {}
};

}  // namespace

base::Result<std::unique_ptr<FileLogger>> open_logger(const Settings& settings, const base::Clock& clock) {
  return open_with(settings, clock, nullptr);
}

base::Result<std::unique_ptr<FileLogger>> open_logger(const Settings& settings, const base::Clock& clock,
                                                      RecentLines& recent) {
  return open_with(settings, clock, &recent);
}

Logger& null_logger() {
  static NullLogger logger;  // without state, so nothing is shared
  return logger;
}

}  // namespace godwit::log
