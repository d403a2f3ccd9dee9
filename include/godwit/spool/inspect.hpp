// SPDX-License-Identifier: Apache-2.0
// A spool looked at from outside, by the tools: with no daemon, or beside one that works in it.  Takes no lock, writes
// nothing.  Memory: one segment, and some 100 bytes for each live message (more where updates are kept).
//
// Threads: the disk blocks, so spawn these where blocking is allowed.  Errors: not_found (the folder is no spool), io,
// unsupported (a later version's format).  What is damaged is no error but part of the answer.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "godwit/base/message_id.hpp"
#include "godwit/disk/disk.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::spool {

// Something that is not as it was written.
struct Fault {
  std::string file;  // below the spool's folder
  std::uint64_t offset = 0;
  std::uint64_t size = 0;      // bytes; 0: not said
  std::uint64_t salvaged = 0;  // records inside whose own checksums hold
  std::optional<base::MessageId> id;
  std::string what;
};

struct SegmentReport {
  std::string file;
  std::uint64_t size = 0;
  std::uint64_t groups = 0;
  std::uint64_t records = 0;
  std::uint64_t messages = 0;  // records of that kind
  std::uint64_t live = 0;      // messages that are not done
  std::uint64_t bytes_live = 0;
  bool sealed = false;
  bool torn = false;  // the tail holds the beginning of a group: a crash cut it, or the daemon is writing it
  std::vector<Fault> faults;
};

struct SpoolReport {
  std::vector<SegmentReport> segments;
  std::uint64_t live = 0;
  std::uint64_t bytes_live = 0;  // records of live messages, and their large bodies
  std::uint64_t bytes_used = 0;  // of all files but those in quarantine
  std::uint64_t large = 0;       // live messages with a file of their own
  std::vector<Fault> body_faults;
  std::vector<std::string> orphans;     // in large/, named by no live record: remains of a crash, or being received
  std::vector<disk::Entry> quarantine;  // what start-up set aside
  std::vector<std::string> unknown;     // names in journal/ that are not ours
  std::size_t damaged() const;
};

// Verifies every checksum: segment headers, groups, records, index blocks against the records they index, large bodies.
disk::Task<SpoolReport> check_spool(disk::Disk& disk, std::string directory);

// How a visit ended that did not fail.  A body that can't be read may be gone because its message was done meanwhile:
// the message is looked for again.
struct Visited {
  std::string body_fault;  // empty: the message was taken
};
// Reads live messages, each once, with its updates applied; `wanted` empty: all of them.  A visit that fails ends it
// with that error.  The bodies read through `disk` on `executor`.  Gives what could not be read.
struct LiveReading {
  std::function<bool(base::MessageId)> wanted;
  std::function<disk::Task<Visited>(StoredMessage)> visit;
};
disk::Task<std::vector<Fault>> read_live(disk::Disk& disk, std::string directory, boost::asio::any_io_executor executor,
                                         LiveReading reading);

}  // namespace godwit::spool
