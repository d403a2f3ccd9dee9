// SPDX-License-Identifier: Apache-2.0
// check_spool(): every byte that a checksum covers.
#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "godwit/base/checksum.hpp"
#include "godwit/spool/inspect.hpp"
#include "index_block.hpp"
#include "journal_reader.hpp"
#include "segment_index.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t body_piece = 256U << 10U;

// One segment's report.
class SegmentCheck {
 public:
  SegmentCheck(const ReadSegment& segment, std::string file) : segment_(segment) {
    report_.file = std::move(file);
    report_.size = segment.bytes.size();
    report_.groups = segment.scan.groups;
    report_.sealed = segment.scan.sealed;
    report_.torn = segment.scan.torn;
  }

  SegmentReport run() {
    if (!segment_.header) fault(0, block_size, "the header block is damaged");
    if (!segment_.readable) fault(0, report_.size, "nothing in it can be read");
    if (segment_.header && segment_.header->capacity != report_.size)
      fault(0, 0, "it was made with " + std::to_string(segment_.header->capacity) + " bytes");
    for (const Damage& damage : segment_.scan.damages) {
      fault(damage.offset, damage.size, "checksums do not hold");
      report_.faults.back().salvaged = damage.salvaged;
    }
    check_records();
    check_end();
    return std::move(report_);
  }

 private:
  void fault(std::uint64_t offset, std::uint64_t size, std::string what) {
    report_.faults.push_back({.file = report_.file, .offset = offset, .size = size, .id = {}, .what = std::move(what)});
  }

  void check_records() {
    for (const FoundRecord& record : segment_.scan.records) {
      if (record.header.type == RecordType::index) {
        index_ = &record;
        continue;
      }
      ++report_.records;
      if (record.header.type == RecordType::message) ++report_.messages;
      const auto expected = record.header.type > RecordType::index ? std::nullopt : make_index_entry(record);
      if (expected) {
        expected_ += *expected;
        continue;
      }
      fault(record.offset, record_size(record.header.length), "a record whose checksum holds is malformed");
      report_.faults.back().id = record.header.id;
    }
  }

  // Only what a later segment proves to have been durable can be missed.  A crash may leave an index without a trailer,
  // and where groups are damaged the index names records that are not there.
  void check_end() {
    if (index_ != nullptr) {
      check_index();
      check_trailer();
    } else if (segment_.tail == Tail::proven && report_.faults.empty()) {
      fault(segment_.scan.end, 0, "it has no index, though a later segment follows");
    }
  }

  void check_index() {
    IndexReader reader(index_->payload);
    while (reader.next()) continue;
    // An index of an early build says less about each record than this one would.
    const bool comparable = segment_.scan.damages.empty() && is_complete_index(index_->payload);
    if (reader.malformed())
      fault(index_->offset, index_->header.length, "the index is malformed");
    else if (comparable && index_->payload != expected_)
      fault(index_->offset, index_->header.length, "the index does not agree with the records");
  }

  void check_trailer() {
    const std::uint64_t at = report_.size - block_size;
    const std::string_view block = segment_.bytes.substr(at);
    const auto trailer = decode_trailer(block);
    if (!trailer && block.find_first_not_of('\0') != std::string_view::npos)
      fault(at, block_size, "the trailer block is damaged");
    if (trailer && trailer->generation == segment_.generation &&
        (trailer->index_at != segment_.scan.last_group_at || trailer->last_group + 1 != segment_.scan.next_group))
      fault(at, block_size, "the trailer does not agree with the groups");
  }

  const ReadSegment& segment_;
  SegmentReport report_;
  const FoundRecord* index_ = nullptr;
  std::string expected_;  // what the index must say
};

class SpoolCheck {
 public:
  SpoolCheck(disk::Disk& disk, std::string directory)
      : disk_(disk), paths_(std::move(directory)), reader_(disk, paths_), table_(LiveTable::Updates::forget) {}

  disk::Task<SpoolReport> run() {
    auto step = co_await read_journal();
    if (step) step = co_await check_bodies();
    if (step) step = co_await list_folders();
    if (!step) co_return std::unexpected(std::move(step.error()));
    count_live();
    for (auto& [number, segment] : segments_) report_.segments.push_back(std::move(segment));
    co_return std::move(report_);
  }

 private:
  disk::Task<> read_journal() {
    const JournalReader::Visit visit = [this](const ReadSegment& segment) {
      const std::string file = paths_.segment(segment.number).substr(paths_.root.size() + 1);
      segments_[segment.number] = SegmentCheck(segment, file).run();
    };
    co_return co_await catch_up(reader_, table_, visit);
  }

  disk::Task<> check_bodies() {
    std::vector<Fault> faults;
    for (const auto& [id, entry] : table_.entries()) {
      if ((entry.flags & body_is_large) == 0) continue;
      auto fault = co_await check_body(id, entry);
      if (!fault) co_return std::unexpected(std::move(fault.error()));
      if (*fault) faults.push_back(std::move(**fault));
    }
    // Beside a daemon, a body may be gone because its message was done meanwhile.
    if (!faults.empty()) {
      auto step = co_await read_journal();
      if (!step) co_return step;
    }
    for (Fault& fault : faults)
      if (table_.entries().contains(*fault.id)) report_.body_faults.push_back(std::move(fault));
    co_return base::Result<>{};
  }

  // The fault, or empty.
  disk::Task<std::optional<Fault>> check_body(base::MessageId id, LiveTable::Entry entry) {
    const std::string path = paths_.large(id);
    Fault fault{.file = path.substr(paths_.root.size() + 1), .id = id, .what = "the body is missing"};
    auto segment = co_await disk_.open(paths_.segment(entry.place.segment), disk::OpenMode::read);
    auto file = co_await disk_.open(path, disk::OpenMode::read);
    if (!file && file.error().kind == base::ErrorKind::not_found) co_return std::optional(std::move(fault));
    if (!segment) co_return std::optional<Fault>();  // gone since: so the message is done, or has a copy
    if (!file) co_return std::unexpected(std::move(file.error()));
    auto record = co_await read_record(**segment, entry.place, id);
    const auto parts = record ? decode_message(record->payload(), record->header.flags) : std::nullopt;
    if (!parts) co_return std::optional<Fault>();  // reported with its segment, or gone since
    auto sum = co_await checksum_of(**file);
    if (!sum) co_return std::unexpected(std::move(sum.error()));
    fault.size = sum->first;
    fault.what = sum->first != parts->prefix.body_size ? "the body has another size than its record says"
                                                       : "the body does not match its checksum";
    if (*sum == std::pair(parts->prefix.body_size, parts->prefix.body_crc)) co_return std::optional<Fault>();
    co_return std::optional(std::move(fault));
  }

  disk::Task<std::pair<std::uint64_t, std::uint32_t>> checksum_of(disk::File& file) {
    std::string piece(body_piece, '\0');
    std::pair<std::uint64_t, std::uint32_t> sum{0, 0};
    for (;;) {
      auto got = co_await file.read(sum.first, piece);
      if (!got) co_return std::unexpected(std::move(got.error()));
      if (*got == 0) co_return sum;
      sum.second = base::crc32c(std::string_view(piece).substr(0, *got), sum.second);
      sum.first += *got;
    }
  }

  // A copy of a spool may lack what was empty, and so does one that a daemon is just making.
  disk::Task<std::vector<disk::Entry>> list_if_there(std::string folder) {
    auto listed = co_await disk_.list(std::move(folder));
    if (!listed && listed.error().kind == base::ErrorKind::not_found) co_return std::vector<disk::Entry>();
    co_return listed;
  }

  disk::Task<> list_folders() {
    auto journal = co_await disk_.list(paths_.journal());
    auto large = co_await list_if_there(paths_.large());
    auto quarantine = co_await list_if_there(paths_.quarantine());
    for (auto* listed : {&journal, &large, &quarantine})
      if (!*listed) co_return std::unexpected(std::move(listed->error()));
    for (const disk::Entry& entry : *journal) {
      report_.bytes_used += entry.size;
      if (!parse_number(entry.name, ".seg") && !parse_number(entry.name, ".free"))
        report_.unknown.push_back(entry.name);
    }
    for (const disk::Entry& entry : *large) {
      report_.bytes_used += entry.size;
      const auto id = base::parse_message_id(entry.name);
      const auto found = id ? table_.entries().find(*id) : table_.entries().end();
      if (found == table_.entries().end() || (found->second.flags & body_is_large) == 0)
        report_.orphans.push_back(entry.name);
      else
        report_.bytes_live += entry.size;
    }
    report_.quarantine = std::move(*quarantine);
    std::ranges::sort(report_.unknown);
    std::ranges::sort(report_.orphans);
    std::ranges::sort(report_.quarantine, {}, &disk::Entry::name);
    co_return base::Result<>{};
  }

  void count_live() {
    report_.live = table_.entries().size();
    for (const auto& [id, entry] : table_.entries()) {
      const std::uint64_t bytes = record_size(entry.place.length);
      report_.bytes_live += bytes;
      if ((entry.flags & body_is_large) != 0) ++report_.large;
      SegmentReport& segment = segments_[entry.place.segment];
      ++segment.live;
      segment.bytes_live += bytes;
    }
  }

  disk::Disk& disk_;
  const Paths paths_;
  JournalReader reader_;
  LiveTable table_;
  std::map<std::uint32_t, SegmentReport> segments_;
  SpoolReport report_;
};

}  // namespace

std::size_t SpoolReport::damaged() const {
  return std::transform_reduce(segments.begin(), segments.end(), body_faults.size(), std::plus<>(),
                               [](const SegmentReport& segment) { return segment.faults.size(); });
}

disk::Task<SpoolReport> check_spool(disk::Disk& disk, std::string directory) {
  SpoolCheck check(disk, std::move(directory));
  co_return co_await check.run();
}

}  // namespace godwit::spool
