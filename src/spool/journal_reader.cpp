// SPDX-License-Identifier: Apache-2.0
#include "journal_reader.hpp"

#include <algorithm>
#include <utility>

namespace godwit::spool {
namespace {

constexpr int most_passes = 100;

}  // namespace

disk::Task<> JournalReader::list() {
  auto entries = co_await disk_.list(paths_.journal());
  if (!entries && entries.error().kind == base::ErrorKind::not_found)
    co_return base::fail(base::ErrorKind::not_found, paths_.root + " is no spool: it has no folder journal");
  if (!entries) co_return std::unexpected(std::move(entries.error()));
  present_.clear();
  for (const disk::Entry& entry : *entries)
    if (const auto number = parse_number(entry.name, ".seg")) present_.insert(*number);
  co_return base::Result<>{};
}

disk::Task<> JournalReader::follow(Visit visit) {
  auto step = co_await list();
  if (!step) co_return step;
  const std::set<std::uint32_t> numbers = present_;
  missed_some_ = false;
  for (const std::uint32_t number : numbers) {
    if (number < last_ || (number == last_ && last_is_complete_)) continue;
    const Tail tail = number == *numbers.rbegin() ? Tail::may_be_torn : Tail::proven;
    step = co_await read_segment(number, tail, visit);
    if (!step) co_return step;
  }
  co_return base::Result<>{};
}

// Empty: it vanished.
disk::Task<std::optional<std::string>> JournalReader::read_file(std::uint32_t number) {
  const std::string path = paths_.segment(number);
  auto file = co_await disk_.open(path, disk::OpenMode::read);
  if (file) {
    auto size = co_await (*file)->size();
    if (!size) co_return std::unexpected(std::move(size.error()));
    auto bytes = co_await read_all(**file, *size);
    if (!bytes) co_return std::unexpected(std::move(bytes.error()));
    // A number is never used again: where the name still is, the file has not begun another life.
    file = co_await disk_.open(path, disk::OpenMode::read);
    if (file) co_return std::optional(std::move(*bytes));
  }
  if (file.error().kind == base::ErrorKind::not_found) co_return std::optional<std::string>();
  co_return std::unexpected(std::move(file.error()));
}

base::Result<> JournalReader::read_header(ReadSegment& segment, std::uint64_t& first_group) const {
  const auto header = decode_segment_header(segment.bytes.substr(0, block_size));
  if (!header && header.error() == HeaderFault::unknown_version)
    return std::unexpected(unknown_version(paths_.segment(segment.number), segment.bytes));
  if (header && number_of(header->generation) == segment.number) {
    segment.header = *header;
    segment.generation = header->generation;
    first_group = header->first_group;
    return {};
  }
  const auto group = first_group_of(segment.bytes, segment.number);
  segment.readable = group.has_value();
  if (group) {
    segment.generation = group->generation;
    first_group = group->number;
  }
  return {};
}

disk::Task<> JournalReader::read_segment(std::uint32_t number, Tail tail, const Visit& visit) {
  auto bytes = co_await read_file(number);
  if (!bytes) co_return std::unexpected(std::move(bytes.error()));
  if (!*bytes) {
    missed_some_ = true;
    co_return base::Result<>{};
  }
  ReadSegment segment{.number = number, .bytes = **bytes, .header = {}, .tail = tail, .scan = {}, .fresh = {}};
  std::uint64_t first_group = 0;
  auto known = read_header(segment, first_group);
  if (!known) co_return known;
  if (segment.readable) {
    segment.scan = scan_segment(segment.bytes, segment.generation, first_group, tail);
    if (!segment.scan.damages.empty() && tail == Tail::may_be_torn) {
      auto again = co_await read_again(segment, **bytes);
      if (!again) co_return std::unexpected(std::move(again.error()));
      if (!*again) {
        missed_some_ = true;
        co_return base::Result<>{};
      }
      segment.scan = scan_segment(segment.bytes, segment.generation, first_group, tail);
    }
  }
  const std::vector<FoundRecord>& records = segment.scan.records;
  auto fresh = records.begin();
  if (number == last_)
    fresh = std::ranges::find_if(records, [this](const FoundRecord& record) { return record.offset > applied_; });
  segment.fresh = {fresh, records.end()};
  if (number != last_) applied_ = 0;
  if (!records.empty()) applied_ = std::max(applied_, records.back().offset);
  last_ = number;
  last_is_complete_ = tail == Tail::proven || segment.scan.sealed;
  visit(segment);
  co_return base::Result<>{};
}

// A gap before the last group: damage, or a group that was written after its place had been read.  All before the last
// group that was seen is complete by now; what comes after it is left for the next time.  (A segment with a successor
// was complete before it was listed: its index was synced before the successor got its name.)  False: the file
// vanished, since it was filled, emptied and removed meanwhile; what it shows says nothing.
disk::Task<bool> JournalReader::read_again(ReadSegment& segment, std::string& bytes) {
  const std::uint64_t end = segment.scan.end;
  auto second = co_await read_file(segment.number);
  if (!second) co_return std::unexpected(std::move(second.error()));
  if (!*second) co_return false;
  if ((*second)->size() != bytes.size()) co_return true;
  bytes = std::move(**second);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(end), bytes.end(), '\0');
  segment.bytes = bytes;
  co_return true;
}

void LiveTable::apply(const ReadSegment& segment) {
  for (const FoundRecord& record : segment.fresh) {
    const base::MessageId id = record.header.id;
    if (wanted_ && !wanted_(id)) continue;
    const Place place{segment.number, static_cast<std::uint32_t>(record.offset), record.header.length};
    switch (record.header.type) {
      case RecordType::message:
        entries_.insert_or_assign(id, Entry{place, segment.generation, record.header.flags, {}});
        break;
      case RecordType::update:
        if (const auto found = entries_.find(id); found != entries_.end() && updates_ == Updates::keep)
          found->second.updates.emplace_back(record.payload);
        break;
      case RecordType::done:
        entries_.erase(id);
        break;
      case RecordType::index:
        break;
    }
  }
}

void LiveTable::keep_only(const std::set<std::uint32_t>& present, std::uint32_t newest) {
  std::erase_if(entries_, [&](const auto& one) {
    const std::uint32_t segment = one.second.place.segment;
    return segment <= newest && !present.contains(segment);
  });
}

disk::Task<> catch_up(JournalReader& reader, LiveTable& table, JournalReader::Visit visit) {
  const JournalReader::Visit both = [&table, &visit](const ReadSegment& segment) {
    table.apply(segment);
    if (visit) visit(segment);
  };
  auto step = co_await reader.follow(both);
  if (!step) co_return step;
  // What was live in a segment that vanished is in later ones, which may be younger than the list.
  int passes = 0;
  do {
    if (++passes > most_passes)
      co_return base::fail(base::ErrorKind::exhausted, "the daemon moves messages faster than they can be read");
    step = co_await reader.follow(both);
    if (!step) co_return step;
  } while (reader.missed_some());
  const std::set<std::uint32_t> present = reader.present();
  const std::uint32_t newest = reader.last();
  // What was copied or done before `present` was listed is seen by now; this reads what came while it was.
  step = co_await reader.follow(both);
  if (!step) co_return step;
  table.keep_only(present, newest);
  co_return base::Result<>{};
}

}  // namespace godwit::spool
