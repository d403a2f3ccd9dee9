// SPDX-License-Identifier: Apache-2.0
#include "sink.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace godwit::log {
namespace {

constexpr std::size_t most_gathered = 64U << 10U;

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

}  // namespace

base::Result<std::shared_ptr<Sink>> Sink::open(const std::string& file) {
  if (file.empty()) return std::shared_ptr<Sink>(new Sink({}, STDERR_FILENO));
  const int descriptor = open_file(file);
  if (descriptor < 0) return base::fail_os("cannot open log " + file, errno);
  return std::shared_ptr<Sink>(new Sink(file, descriptor));
}

std::shared_ptr<Sink> Sink::over(std::shared_ptr<spdlog::sinks::sink> inner) {
  std::shared_ptr<Sink> sink(new Sink({}, -1));
  sink->inner_ = std::move(inner);
  return sink;
}

Sink::~Sink() {
  if (!file_.empty()) ::close(descriptor_);
}

base::Result<> Sink::reopen() {
  if (file_.empty()) return {};
  const int descriptor = open_file(file_);
  if (descriptor < 0) return base::fail_os("cannot open log " + file_, errno);
  const std::scoped_lock lock(mutex_);
  drain();
  ::close(std::exchange(descriptor_, descriptor));
  return {};
}

void Sink::sink_it_(const spdlog::details::log_msg& message) {
  ++taken_;
  if (inner_) {
    inner_->log(message);
  } else {
    pending_.append(message.payload.data(), message.payload.size()) += '\n';
    ++pending_lines_;
  }
  const bool idle = queue_.empty();
  if (!idle && pending_.size() < most_gathered) return;
  drain();
  if (idle) report_lost();
  progress_.notify_all();
}

void Sink::report_lost() {
  const auto lost = queue_.overrun() + unwritten_;
  if (lost == reported_) return;
  const auto line = queue_.lost_line(lost - reported_);
  if (inner_)
    inner_->log(spdlog::details::log_msg("godwit", spdlog::level::warn, line));
  else if (!write_all(line + '\n'))
    return;  // said when the file takes lines again
  reported_ = lost;
}

void Sink::drain() {
  if (pending_lines_ != 0 && !write_all(pending_)) unwritten_ += pending_lines_;
  pending_.clear();
  pending_lines_ = 0;
}

bool Sink::write_all(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written > 0)
      bytes.remove_prefix(static_cast<std::size_t>(written));
    else if (written == 0 || (errno != EINTR && !(errno == EAGAIN && wait_writable(descriptor_))))
      return false;
  }
  return true;
}

void Sink::wait_for(std::uint64_t lines) {
  std::unique_lock lock(mutex_);
  // A line that is pushed out is counted when it is, and what pushed it out comes through later: some line wakes us.
  progress_.wait(lock, [&] { return taken_ + queue_.overrun() >= lines && pending_lines_ == 0; });
}

}  // namespace godwit::log
