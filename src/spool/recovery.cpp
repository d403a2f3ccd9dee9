// SPDX-License-Identifier: Apache-2.0
#include "recovery.hpp"

#include <algorithm>

#include "segment_file.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t max_spares = 2;

}  // namespace

boost::asio::awaitable<base::Result<>> Core::open() {
  for (const std::string& directory : {paths.root, paths.journal(), paths.large(), paths.quarantine()}) {
    auto made = co_await disk.make_directories(directory);
    if (!made) co_return made;
  }
  auto lock = co_await disk.lock(paths.lock());
  if (!lock) {
    if (lock.error().kind == base::ErrorKind::refused)
      lock.error().message = "another daemon uses the spool " + paths.root + ": " + lock.error().message;
    co_return std::unexpected(std::move(lock.error()));
  }
  lock_ = std::move(*lock);
  Recovery recovery(*this);
  auto recovered = co_await recovery.run();
  if (!recovered) co_return recovered;
  co_await look_at_space();
  maintain_if_needed();
  compact_if_needed();
  scrub_later(recovery.take_unread());
  co_return base::Result<>{};
}

boost::asio::awaitable<base::Result<>> Recovery::run() {
  auto step = co_await list_journal();
  if (step) step = co_await read_headers();
  if (!step) co_return step;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const bool last = i + 1 == segments_.size();
    if (!last) {
      const auto taken = co_await take_index(segments_[i], segments_[i + 1]);
      if (!taken) co_return std::unexpected(taken.error());
      if (*taken) continue;
    }
    step = co_await scan(segments_[i], last ? Tail::may_be_torn : Tail::proven);
    if (!step) co_return step;
  }
  report_lost();
  step = co_await sync_names();
  if (step) step = co_await check_large();
  if (step) step = co_await take_spares();
  if (!step) co_return step;
  core_.journal_.restore(std::move(active_), next_group_, next_number_);
  core_.log.info("spool_recovered", {{"messages", core_.index_.size()},
                                     {"segments", core_.index_.segments().all().size()},
                                     {"records", replay_.records()},
                                     {"damaged", core_.quarantine.found()}});
  co_return base::Result<>{};
}

Recovery::Step<> Recovery::list_journal() {
  auto entries = co_await core_.disk.list(core_.paths.journal());
  if (!entries) co_return std::unexpected(std::move(entries.error()));
  for (const disk::Entry& entry : *entries) {
    const auto segment = parse_number(entry.name, ".seg");
    const auto spare = parse_number(entry.name, ".free");
    next_number_ = std::max(next_number_, std::max(segment.value_or(0), spare.value_or(0)) + 1);
    if (entry.is_directory) continue;  // somebody else's
    if (segment) segments_.push_back({*segment, nullptr, entry.size, {}});
    if (spare) spares_.emplace_back(*spare, entry.size);
  }
  std::ranges::sort(segments_, {}, &Segment::number);
  co_return base::Result<>{};
}

// All of them before anything is changed: a format we do not know is left as it is.
Recovery::Step<> Recovery::read_headers() {
  for (Segment& segment : segments_) {
    const std::string path = core_.paths.segment(segment.number);
    auto file = co_await core_.disk.open(path, disk::OpenMode::read_write);
    if (!file) co_return std::unexpected(std::move(file.error()));
    segment.file = std::move(*file);
    auto block = co_await read_all(*segment.file, std::min<std::uint64_t>(segment.size, block_size));
    if (!block) co_return std::unexpected(std::move(block.error()));
    auto header = decode_segment_header(*block);
    if (!header && header.error() == HeaderFault::unknown_version)
      co_return std::unexpected(unknown_version(path, *block));
    if (!header || number_of(header->generation) != segment.number) continue;
    core_.ids.observe(header->last_id);
    segment.header = *header;
  }
  co_return base::Result<>{};
}

// False: it must be read in full.
Recovery::Step<bool> Recovery::take_index(const Segment& segment, const Segment& next) {
  if (!segment.header || !next.header) co_return false;
  const auto index = co_await read_index(*segment.file, segment.size, segment.header->generation);
  if (!index) co_return std::unexpected(index.error());
  // Groups in between are those of segments that were removed.
  if (!*index || (*index)->last_group < segment.header->first_group || next.header->first_group <= (*index)->last_group)
    co_return false;
  enter(segment, true);
  replay_.apply(segment.number, (*index)->entries);
  next_group_ = (*index)->last_group + 1;
  unread_.push_back(segment.number);
  co_return true;
}

Recovery::Step<> Recovery::scan(Segment& segment, Tail tail) {
  // A file that is shorter than it was made lost its end: damage, not a tail that was never written.
  const bool cut_short = segment.header && segment.size < segment.header->capacity;
  const auto bytes = co_await read_all(*segment.file, cut_short ? segment.header->capacity : segment.size);
  if (!bytes) co_return std::unexpected(bytes.error());
  if (cut_short) {
    core_.quarantine.report_missing(segment.number, segment.header->capacity - segment.size);
    tail = Tail::proven;
  }
  const bool header_damaged = !segment.header;
  if (header_damaged) {
    auto mended = co_await mend_header(segment, *bytes);
    if (!mended || !segment.header) co_return mended;
  }
  const SegmentScan found = scan_segment(*bytes, segment.header->generation, segment.header->first_group, tail);
  next_group_ = std::max(next_group_, found.next_group);
  // Only the last segment may go on; one with a damaged header or end is read, but never written again.
  const bool sealed = found.sealed || tail == Tail::proven || header_damaged;
  enter(segment, sealed);
  for (const FoundRecord& record : found.unreadable)
    replay_.miss(record.header.id, {segment.number, static_cast<std::uint32_t>(record.offset), record.header.length});
  std::string entries = make_index(found.records);
  replay_.apply(segment.number, entries);
  auto kept = co_await keep_malformed(segment, found);
  if (kept) kept = co_await core_.quarantine.keep_all(segment.number, *bytes, found.damages);
  if (!kept) co_return kept;
  if (tail == Tail::may_be_torn) {
    if (found.torn) core_.log.info("spool_tail_cut", {{"segment", segment.number}, {"offset", found.end}});
    auto durable = co_await make_durable(segment, found, *bytes);
    if (!durable) co_return durable;
  }
  if (!sealed) continue_in(segment, found, std::move(entries));
  co_return base::Result<>{};
}

// The generation from the first sound group; where there is none, the file is set aside and the header stays empty.
Recovery::Step<> Recovery::mend_header(Segment& segment, std::string_view bytes) {
  const auto group = first_group_of(bytes, segment.number);
  if (!group) co_return co_await core_.quarantine.take_segment(segment.number, segment.size);
  segment.header = SegmentHeader{group->generation, segment.size, group->number, {}, {}};
  const std::string path = core_.paths.damage(segment.number, 0);
  co_return co_await core_.quarantine.keep(path, bytes.substr(0, block_size), 0);
}

// Their checksums hold, so this is a fault of ours: kept for whoever looks into it.
Recovery::Step<> Recovery::keep_malformed(const Segment& segment, const SegmentScan& scan) {
  for (const FoundRecord& record : scan.records) {
    if (record.header.type == RecordType::index || make_index_entry(record)) continue;
    const std::string path = core_.paths.damage(segment.number, record.offset);
    auto kept = co_await core_.quarantine.keep(path, record.payload, 0);
    if (!kept) co_return kept;
  }
  co_return base::Result<>{};
}

void Recovery::enter(const Segment& segment, bool sealed) {
  Segments& segments = core_.index_.segments();
  segments.set_capacity(segment.number, segment.size);
  SegmentState& state = segments.open(segment.number);
  state.file = segment.file;
  state.generation = segment.header->generation;
  state.sealed = sealed;
}

// The last group may have been written but not synced when the daemon died, and where a sync failed the kernel may hold
// pages that it takes for clean and that the disk does not have: so it is written again, then synced.
Recovery::Step<> Recovery::make_durable(const Segment& segment, const SegmentScan& scan, std::string_view bytes) {
  if (scan.last_group_at != 0) {
    const auto header = decode_group_header(bytes.substr(scan.last_group_at));
    const auto group = bytes.substr(scan.last_group_at, group_size(header->length));
    auto written = co_await segment.file->write(scan.last_group_at, group);
    if (!written) co_return written;
    if (scan.sealed) {
      auto trailer = co_await segment.file->write(bytes.size() - block_size, bytes.substr(bytes.size() - block_size));
      if (!trailer) co_return trailer;
    }
  }
  co_return co_await segment.file->sync();
}

void Recovery::continue_in(const Segment& segment, const SegmentScan& scan, std::string entries) {
  active_ = std::make_unique<ActiveSegment>();
  active_->number = segment.number;
  active_->generation = segment.header->generation;
  active_->capacity = segment.size / block_size * block_size;
  active_->offset = scan.end;
  active_->file = segment.file;
  active_->index = std::move(entries);
}

// Names that a killed daemon made may not be durable yet.
Recovery::Step<> Recovery::sync_names() {
  for (const std::string& directory : {core_.paths.quarantine(), core_.paths.journal(), core_.paths.large()}) {
    auto synced = co_await core_.disk.sync_directory(directory);
    if (!synced) co_return synced;
  }
  co_return base::Result<>{};
}

void Recovery::report_lost() {
  for (const auto& [id, place] : replay_.lost()) core_.report_damaged("message_damaged", id, place);
}

Recovery::Step<> Recovery::check_large() {
  auto entries = co_await core_.disk.list(core_.paths.large());
  if (!entries) co_return std::unexpected(std::move(entries.error()));
  std::set<base::MessageId> whole;
  for (const disk::Entry& entry : *entries) {
    if (entry.is_directory) continue;  // such as lost+found
    const std::string path = core_.paths.large() + "/" + entry.name;
    const auto id = base::parse_message_id(entry.name);
    const Live* live = id ? core_.index_.find(*id) : nullptr;
    if (live != nullptr && (live->flags & body_is_large) != 0 && replay_.large().at(*id) == entry.size) {
      whole.insert(*id);
      continue;
    }
    // No record names it: never acknowledged, or done.  But where records were damaged it may be what is left of a
    // message.
    base::Result<> gone;
    if (live != nullptr || (id && core_.quarantine.found() > 0))
      gone = co_await core_.disk.rename(path, core_.paths.quarantine() + "/" + entry.name + ".body");
    else
      gone = co_await core_.disk.remove(path);
    if (!gone) co_return gone;
  }
  report_missing_bodies(whole);
  co_return base::Result<>{};
}

void Recovery::report_missing_bodies(const std::set<base::MessageId>& whole) {
  for (const auto& [id, size] : replay_.large()) {
    const Live* live = core_.index_.find(id);
    if (live == nullptr || (live->flags & body_is_large) == 0 || whole.contains(id)) continue;
    core_.quarantine.count();
    core_.log.error("spool_body_missing", {{"id", base::to_string(id)}, {"file", core_.paths.large(id)}});
    // Its record stays where it is, so its segment is kept; it can't be delivered.
    core_.index_.segments().pin(live->place.segment);
    core_.index_.forget(id);
  }
}

Recovery::Step<> Recovery::take_spares() {
  for (const auto& [number, size] : spares_) {
    const std::string path = core_.paths.spare(number);
    if (size != core_.settings.segment_size || core_.journal_.spares() >= max_spares) {
      auto removed = co_await core_.disk.remove(path);
      if (!removed) co_return removed;
      continue;
    }
    auto file = co_await core_.disk.open(path, disk::OpenMode::read_write);
    if (!file) co_return std::unexpected(std::move(file.error()));
    core_.journal_.add_spare({number, size, std::move(*file)});
  }
  co_return base::Result<>{};
}

}  // namespace godwit::spool
