// SPDX-License-Identifier: Apache-2.0
// Where damage goes: copied there, counted and reported, never deleted by the daemon.  Used at start-up by the
// committer, later by the scrub on the pool, one at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "godwit/disk/disk.hpp"
#include "godwit/log/logger.hpp"
#include "names.hpp"
#include "scan.hpp"

namespace godwit::spool {

class Quarantine {
 public:
  Quarantine(const Paths& paths, disk::Disk& disk, log::Logger& log) : paths_(paths), disk_(disk), log_(log) {}

  // Durable afterwards, but for the name.  The same damage found again is counted, not kept again.
  disk::Task<> keep(std::string path, std::string_view bytes, std::uint64_t salvaged);
  // Each damage of a segment.
  disk::Task<> keep_all(std::uint32_t segment, std::string_view bytes, const std::vector<Damage>& damages);
  // A segment of which nothing can be read: moved there.
  disk::Task<> take_segment(std::uint32_t segment, std::uint64_t size);
  // The end of a segment's file is gone, with whatever was in it.
  void report_missing(std::uint32_t segment, std::uint64_t bytes);
  void count() { ++found_; }
  std::uint64_t found() const { return found_; }

 private:
  disk::Task<bool> has(std::string path, std::string_view bytes);

  const Paths& paths_;
  disk::Disk& disk_;
  log::Logger& log_;
  std::atomic<std::uint64_t> found_ = 0;
};

}  // namespace godwit::spool
