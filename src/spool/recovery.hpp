// SPDX-License-Identifier: Apache-2.0
// Start-up: reads the segments, trusts what its checksums and numbers prove, makes that durable, and sets up journal
// and index. Runs once, on the committer, before anything else uses the core.  Changes nothing before it knows that it
// understands every file.
//
// A crash in the middle leaves what the next start-up reads in the same way: damage is copied, not moved; spares and
// orphans are removed only after what proves them useless was synced.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core.hpp"
#include "scan.hpp"
#include "segment_header.hpp"

namespace godwit::spool {

class Recovery {
 public:
  explicit Recovery(Core& core) : core_(core) {}
  boost::asio::awaitable<base::Result<>> run();

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
  Step<> read_segment(Segment& segment, Tail tail);
  Step<> apply(const Segment& segment, const FoundRecord& record);
  Step<> apply_message(const Segment& segment, const FoundRecord& record);
  void apply_update(const Segment& segment, const FoundRecord& record);
  Step<> make_durable(const Segment& segment, const SegmentScan& scan, std::string_view bytes);
  Step<> keep_damage(std::string path, std::string_view bytes, std::uint64_t salvaged);
  Step<> set_aside(const Segment& segment);
  void continue_in(const Segment& segment, const SegmentScan& scan);
  Step<> check_large();
  Step<> take_spares();
  Step<> sync_names();

  Core& core_;
  std::vector<Segment> segments_;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> spares_;  // number, size
  std::map<base::MessageId, std::uint32_t> holders_;             // of all messages seen, done ones too
  std::unique_ptr<ActiveSegment> active_;
  std::string active_index_;  // entries of the segment being read
  std::uint64_t next_group_ = 1;
  std::uint32_t next_number_ = 1;
  std::uint64_t records_ = 0;
};

}  // namespace godwit::spool
