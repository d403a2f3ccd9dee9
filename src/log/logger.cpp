// SPDX-License-Identifier: Apache-2.0
// The daemon's logger: lines are made by the caller and written by one thread, through spdlog's bounded queue.
#include "godwit/log/logger.hpp"

#include <atomic>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/syslog_sink.h>

#include <syslog.h>

#include "godwit/log/events.hpp"
#include "godwit/log/line.hpp"
#include "sink.hpp"

namespace godwit::log {
namespace {

constexpr std::size_t queue_lines = 8192;

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

class AsyncLogger final : public FileLogger {
 public:
  AsyncLogger(const Settings& settings, const base::Clock& clock, std::shared_ptr<Sink> sink)
      : clock_(clock), format_(settings.format), level_(settings.level), sink_(std::move(sink)) {
    // Not through pool_, which is empty while the pool's destructor runs.
    auto* pool = pool_.get();
    sink_->set_queue({.empty = [pool] { return pool->queue_size() == 0; },
                      .overrun = [pool]() -> std::uint64_t { return pool->overrun_counter(); },
                      .lost_line =
                          [this](std::uint64_t count) {
                            const Field lost("count", count);
                            return line(clock_.wall(), Level::warn, event::log_lost, {&lost, 1});
                          }});
    logger_ =
        std::make_shared<spdlog::async_logger>("godwit", sink_, pool_, spdlog::async_overflow_policy::overrun_oldest);
    logger_->set_level(spdlog::level::trace);
  }

  ~AsyncLogger() override {
    // The pool's last message, which ends its thread, would make the sink wait for more lines.
    flush();
    // First the thread, then the logger that its messages share.
    pool_.reset();
  }

  bool enabled(Level level) const override { return level >= level_.load(std::memory_order_relaxed); }

  void write(Level level, std::string_view event, std::span<const Field> fields) override {
    const auto now = clock_.wall();
    submitted_.fetch_add(1);
    const spdlog::log_clock::time_point time(
        std::chrono::duration_cast<spdlog::log_clock::duration>(now.time_since_epoch()));
    logger_->log(time, {}, spdlog_level(level), line(now, level, event, fields));
  }

  base::Result<> reopen() override { return sink_->reopen(); }
  void set_level(Level level) override { level_ = level; }
  void flush() override { sink_->wait_for(submitted_.load()); }

 private:
  std::string line(base::WallTime time, Level level, std::string_view event, std::span<const Field> fields) const {
    return format_ == Format::json ? json_line(time, level, event, fields) : text_line(time, level, event, fields);
  }

  const base::Clock& clock_;
  const Format format_;
  std::atomic<Level> level_;
  std::atomic<std::uint64_t> submitted_ = 0;
  std::shared_ptr<Sink> sink_;
  std::shared_ptr<spdlog::details::thread_pool> pool_ = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1);
  std::shared_ptr<spdlog::async_logger> logger_;
};

class NullLogger final : public Logger {
 public:
  bool enabled(Level) const override { return false; }
  void write(Level, std::string_view, std::span<const Field>) override {}
};

}  // namespace

base::Result<std::unique_ptr<FileLogger>> open_logger(const Settings& settings, const base::Clock& clock) {
  if (settings.file == "syslog") {
    auto inner = std::make_shared<spdlog::sinks::syslog_sink_mt>("godwitd", LOG_PID, LOG_MAIL, false);
    return std::make_unique<AsyncLogger>(settings, clock, Sink::over(std::move(inner)));
  }
  auto sink = Sink::open(settings.file);
  if (!sink) return std::unexpected(sink.error());
  return std::make_unique<AsyncLogger>(settings, clock, std::move(*sink));
}

Logger& null_logger() {
  static NullLogger logger;  // without state, so nothing is shared
  return logger;
}

}  // namespace godwit::log
