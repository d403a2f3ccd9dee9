// SPDX-License-Identifier: Apache-2.0
// Start-up: reads the segments, trusts what its checksums and numbers prove, makes that durable, and sets up journal
// and index. Runs once, on the committer, before anything else uses the core.  Changes nothing before it knows that it
// understands every file.
//
// A sealed segment whose header, trailer and index are sound, and whose group numbers fit those of the next, is not
// read further: damage inside is found by the scrub.  All others are read in full.
//
// A crash in the middle leaves what the next start-up reads in the same way: damage is copied, not moved; spares and
// orphans are removed only after what proves them useless was synced.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core.hpp"
#include "replay.hpp"
#include "scan.hpp"
#include "segment_header.hpp"
#include "segment_index.hpp"

namespace godwit::spool {

class Recovery {
 public:
  explicit Recovery(Core& core) : core_(core), replay_(core.index_, core.ids) {}
  boost::asio::awaitable<base::Result<>> run();
  // Segments whose records were not read.
  std::vector<std::uint32_t> take_unread() { return std::move(unread_); }

 private:
  template <class T = void>
  using Step = boost::asio::awaitable<base::Result<T>>;

  struct Segment {
    std::uint32_t number = 0;
    std::shared_ptr<disk::File> file;
    std::uint64_t size = 0;
    std::optional<SegmentHeader> header;  // empty: damaged
  };

  Step<> list_journal();
  Step<> read_headers();
  Step<bool> take_index(const Segment& segment, const Segment& next);
  Step<> scan(Segment& segment, Tail tail);
  Step<> mend_header(Segment& segment, std::string_view bytes);
  Step<> keep_malformed(const Segment& segment, const SegmentScan& scan);
  Step<> make_durable(const Segment& segment, const SegmentScan& scan, std::string_view bytes);
  void enter(const Segment& segment, bool sealed);
  void continue_in(const Segment& segment, const SegmentScan& scan, std::string entries);
  void report_lost();
  Step<> check_large();
  void report_missing_bodies(const std::set<base::MessageId>& whole);
  Step<> take_spares();
  Step<> sync_names();

  Core& core_;
  Replay replay_;
  std::vector<Segment> segments_;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> spares_;  // number, size
  std::vector<std::uint32_t> unread_;
  std::unique_ptr<ActiveSegment> active_;
  std::uint64_t next_group_ = 1;
  std::uint32_t next_number_ = 1;
};

}  // namespace godwit::spool
