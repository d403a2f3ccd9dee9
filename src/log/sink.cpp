// SPDX-License-Identifier: Apache-2.0
#include "sink.hpp"

#include <cerrno>
#include <mutex>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spdlog/sinks/syslog_sink.h>
#include <syslog.h>
#include <unistd.h>

namespace godwit::log {
namespace {

constexpr std::size_t most_at_once = 64U << 10U;

// The service's group may read its log.
constexpr mode_t file_mode = 0640;

int open_file(const std::string& file) {
  return ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, file_mode);
}

// Standard error may be a terminal or pipe that some other program has made non-blocking.
bool wait_writable(int descriptor) {
  constexpr int milliseconds = 1000;
  pollfd wanted{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return ::poll(&wanted, 1, milliseconds) > 0;
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written > 0)
      bytes.remove_prefix(static_cast<std::size_t>(written));
    else if (written == 0 || (errno != EINTR && !(errno == EAGAIN && wait_writable(descriptor))))
      return false;
  }
  return true;
}

class FileSink final : public Sink {
 public:
  FileSink(std::string file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  ~FileSink() override {
    if (!file_.empty()) ::close(descriptor_);
  }

  std::size_t write(const std::deque<Line>& lines) override {
    const std::scoped_lock lock(mutex_);
    std::size_t unwritten = 0;
    std::size_t gathered = 0;
    bytes_.clear();
    for (const Line& line : lines) {
      bytes_.append(line.text) += '\n';
      ++gathered;
      if (bytes_.size() < most_at_once && &line != &lines.back()) continue;
      if (!write_all(descriptor_, bytes_)) unwritten += gathered;
      bytes_.clear();
      gathered = 0;
    }
    return unwritten;
  }

  base::Result<> reopen() override {
    if (file_.empty()) return {};
    const int descriptor = open_file(file_);
    if (descriptor < 0) return base::fail_os("cannot open log " + file_, errno);
    const std::scoped_lock lock(mutex_);
    ::close(std::exchange(descriptor_, descriptor));
    return {};
  }

 private:
  const std::string file_;  // empty: standard error
  std::mutex mutex_;
  int descriptor_;
  std::string bytes_;  // its memory is used again
};

class SyslogSink final : public Sink {
 public:
  std::size_t write(const std::deque<Line>& lines) override {
    for (const Line& line : lines) syslog_.log({"godwitd", as_spdlog(line.level), line.text});
    return 0;
  }
  base::Result<> reopen() override { return {}; }

 private:
  static spdlog::level::level_enum as_spdlog(Level level) {
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

  spdlog::sinks::syslog_sink_st syslog_{"godwitd", LOG_PID, LOG_MAIL, false};
};

}  // namespace

OpenedSink file_sink(const std::string& file) {
  if (file.empty()) return std::make_unique<FileSink>("", STDERR_FILENO);
  const int descriptor = open_file(file);
  if (descriptor < 0) return base::fail_os("cannot open log " + file, errno);
  return std::make_unique<FileSink>(file, descriptor);
}

OpenedSink syslog_sink() {
  return std::make_unique<SyslogSink>();
}

}  // namespace godwit::log
