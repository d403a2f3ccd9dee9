// SPDX-License-Identifier: Apache-2.0
// Where lines end up: a file, standard error, or syslog; the journal: journal.hpp.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include "godwit/base/result.hpp"
#include "line_queue.hpp"

namespace godwit::log {

class Sink {
 public:
  virtual ~Sink() = default;
  // The writer's thread.  Gives how many lines were not written.
  virtual std::size_t write(const std::deque<Line>& lines) = 0;
  // Any thread: the file under its name may be another one now.  On failure the old one stays.
  virtual base::Result<> reopen() = 0;
  // Whether it wants Line::fields.
  virtual bool takes_fields() const { return false; }
};

using OpenedSink = base::Result<std::unique_ptr<Sink>>;
OpenedSink file_sink(const std::string& file);  // "": standard error
OpenedSink syslog_sink();

}  // namespace godwit::log
