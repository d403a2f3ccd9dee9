// SPDX-License-Identifier: Apache-2.0
// Where lines end up: a file, standard error, or another spdlog sink (syslog).  The writer thread calls it, reopen()
// and wait_for() come from others; spdlog's base class locks.  Lines are gathered while more wait, and written at the
// latest when none does.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <spdlog/sinks/base_sink.h>

#include "godwit/base/result.hpp"

namespace godwit::log {

class Sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // What the sink asks about the queue before it.
  struct Queue {
    std::function<bool()> empty;
    std::function<std::uint64_t()> overrun;                     // lines pushed out so far
    std::function<std::string(std::uint64_t count)> lost_line;  // says that so many were not written
  };

  static base::Result<std::shared_ptr<Sink>> open(const std::string& file);  // "": standard error
  static std::shared_ptr<Sink> over(std::shared_ptr<spdlog::sinks::sink> inner);
  ~Sink() override;

  void set_queue(Queue queue) { queue_ = std::move(queue); }  // before the first line
  // The file under its name may be another one now.  On failure the old one stays.
  base::Result<> reopen();
  // Until `lines` have been written or lost.
  void wait_for(std::uint64_t lines);

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  explicit Sink(std::string file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}
  void drain();
  void report_lost();
  bool write_all(std::string_view bytes) const;

  std::string file_;
  int descriptor_ = -1;
  std::shared_ptr<spdlog::sinks::sink> inner_;  // instead of the descriptor
  Queue queue_;
  std::string pending_;
  std::uint64_t pending_lines_ = 0;
  std::uint64_t taken_ = 0;      // lines that came through the queue
  std::uint64_t unwritten_ = 0;  // lines that the file did not take
  std::uint64_t reported_ = 0;   // of the lost ones
  std::condition_variable_any progress_;
};

}  // namespace godwit::log
