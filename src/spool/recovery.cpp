// SPDX-License-Identifier: Apache-2.0
#include "recovery.hpp"

#include <algorithm>

#include "bytes.hpp"
#include "index_block.hpp"
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
  co_return base::Result<>{};
}

boost::asio::awaitable<base::Result<>> Recovery::run() {
  auto step = co_await list_journal();
  if (step) step = co_await read_headers();
  if (!step) co_return step;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Tail tail = i + 1 < segments_.size() ? Tail::proven : Tail::may_be_torn;
    step = co_await read_segment(segments_[i], tail);
    if (!step) co_return step;
  }
  step = co_await sync_names();
  if (step) step = co_await check_large();
  if (step) step = co_await take_spares();
  if (!step) co_return step;
  core_.journal_.restore(std::move(active_), next_group_, next_number_);
  core_.log.info("spool_recovered", {{"messages", core_.index_.messages().size()},
                                     {"segments", core_.index_.segments().size()},
                                     {"records", records_},
                                     {"damaged", core_.quarantined_.load()}});
  co_return base::Result<>{};
}

Recovery::Step<> Recovery::list_journal() {
  auto entries = co_await core_.disk.list(core_.paths.journal());
  if (!entries) co_return std::unexpected(std::move(entries.error()));
  for (const disk::Entry& entry : *entries) {
    const auto segment = parse_number(entry.name, ".seg");
    const auto spare = parse_number(entry.name, ".free");
    if (segment) segments_.push_back({*segment, nullptr, entry.size, {}});
    if (spare) spares_.emplace_back(*spare, entry.size);
    next_number_ = std::max(next_number_, std::max(segment.value_or(0), spare.value_or(0)) + 1);
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
      co_return base::fail(base::ErrorKind::unsupported,
                           path + " has a format that this version does not know (it knows " +
                               std::to_string(format_version) + "): start the version that wrote it");
    if (header && number_of(header->generation) == segment.number) segment.header = *header;
  }
  co_return base::Result<>{};
}

Recovery::Step<> Recovery::read_segment(Segment& segment, Tail tail) {
  auto bytes = co_await read_all(*segment.file, segment.size);
  if (!bytes) co_return std::unexpected(std::move(bytes.error()));
  const bool header_damaged = !segment.header;
  if (header_damaged) {
    const auto group = first_group_of(*bytes, segment.number);
    if (!group) co_return co_await set_aside(segment);
    segment.header = SegmentHeader{group->generation, segment.size, group->number, {}};
    auto kept =
        co_await keep_damage(core_.paths.damage(segment.number, 0), std::string_view(*bytes).substr(0, block_size), 0);
    if (!kept) co_return kept;
  }
  const SegmentScan scan = scan_segment(*bytes, segment.header->generation, segment.header->first_group, tail);
  next_group_ = std::max(next_group_, scan.next_group);
  SegmentState& state = core_.index_.segment(segment.number);
  state.capacity = segment.size;
  state.file = segment.file;
  // Only the last segment may go on; one with a damaged header is read, but never written again.
  state.sealed = scan.sealed || tail == Tail::proven || header_damaged;

  active_index_.clear();
  for (const FoundRecord& record : scan.records) {
    auto applied = co_await apply(segment, record);
    if (!applied) co_return applied;
  }
  for (const Damage& damage : scan.damages) {
    const std::string path = core_.paths.damage(segment.number, damage.offset);
    auto kept =
        co_await keep_damage(path, std::string_view(*bytes).substr(damage.offset, damage.size), damage.salvaged);
    if (!kept) co_return kept;
  }
  if (tail == Tail::may_be_torn) {
    if (scan.torn) core_.log.info("spool_tail_cut", {{"segment", segment.number}, {"offset", scan.end}});
    auto durable = co_await make_durable(segment, scan, *bytes);
    if (!durable) co_return durable;
  }
  if (!state.sealed) continue_in(segment, scan);
  co_return base::Result<>{};
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

void Recovery::continue_in(const Segment& segment, const SegmentScan& scan) {
  active_ = std::make_unique<ActiveSegment>();
  active_->number = segment.number;
  active_->generation = segment.header->generation;
  active_->capacity = segment.size / block_size * block_size;
  active_->offset = scan.end;
  active_->file = segment.file;
  active_->index = std::move(active_index_);
}

Recovery::Step<> Recovery::apply(const Segment& segment, const FoundRecord& record) {
  if (record.header.type == RecordType::index) co_return base::Result<>{};
  ++records_;
  core_.ids.observe(record.header.id);
  if (record.header.type == RecordType::message) co_return co_await apply_message(segment, record);
  apply_update(segment, record);
  co_return base::Result<>{};
}

Recovery::Step<> Recovery::apply_message(const Segment& segment, const FoundRecord& record) {
  const auto parts = decode_message(record.payload, record.header.flags);
  auto envelope = parts ? mail::decode_envelope(parts->envelope) : base::fail(base::ErrorKind::corrupt, "malformed");
  if (!envelope) {
    // Its checksum holds, so this is a fault of ours: kept for whoever looks into it.
    co_return co_await keep_damage(core_.paths.damage(segment.number, record.offset), record.payload, 0);
  }
  const base::MessageId id = record.header.id;
  const Place place{segment.number, static_cast<std::uint32_t>(record.offset), record.header.length};
  active_index_ += encode_index_entry(RecordType::message, record.header.flags, id, place.offset, place.length,
                                      summarise(*envelope, parts->prefix.body_size));
  Live live{.place = place,
            .flags = record.header.flags,
            .body_size = parts->prefix.body_size,
            .settled = {},
            .updates = {},
            .cached = {}};
  set_recipients(live, *envelope);
  const auto holder = holders_.find(id);
  if (holder != holders_.end()) core_.index_.depend(segment.number, holder->second);
  holders_[id] = segment.number;
  core_.index_.add(id, std::move(live));
  co_return base::Result<>{};
}

void Recovery::apply_update(const Segment& segment, const FoundRecord& record) {
  const RecordHeader& header = record.header;
  const Place place{segment.number, static_cast<std::uint32_t>(record.offset), header.length};
  const auto update = mail::decode_update(record.payload);
  active_index_ += encode_index_entry(header.type, header.flags, header.id, place.offset, place.length,
                                      summarise(update ? *update : mail::Update{}));
  const auto holder = holders_.find(header.id);
  if (holder == holders_.end()) return;  // its message's segment is gone: the record is dead
  core_.index_.depend(segment.number, holder->second);
  Live* live = core_.index_.find(header.id);
  if (live == nullptr) return;
  if (header.type == RecordType::done) {
    core_.index_.finish(header.id, segment.number);
  } else if (header.type == RecordType::update && update) {
    settle(*live, *update);
    core_.index_.add_update(header.id, place);
  }
}

Recovery::Step<> Recovery::keep_damage(std::string path, std::string_view bytes, std::uint64_t salvaged) {
  ++core_.quarantined_;
  auto file = co_await core_.disk.open(path, disk::OpenMode::create_new);
  if (!file && file.error().os_error == EEXIST) co_return base::Result<>{};  // found at an earlier start
  if (!file) co_return std::unexpected(std::move(file.error()));
  core_.log.error("spool_damaged", {{"kept", path}, {"bytes", bytes.size()}, {"records_saved", salvaged}});
  auto written = co_await (*file)->write(0, bytes);
  if (!written) co_return written;
  co_return co_await (*file)->sync();
}

// A segment of which nothing can be read.
Recovery::Step<> Recovery::set_aside(const Segment& segment) {
  ++core_.quarantined_;
  const std::string kept = core_.paths.quarantine() + "/" + Paths::digits(segment.number) + ".seg";
  core_.log.error("spool_damaged", {{"kept", kept}, {"bytes", segment.size}});
  co_return co_await core_.disk.rename(core_.paths.segment(segment.number), kept);
}

// Names that a killed daemon made may not be durable yet.
Recovery::Step<> Recovery::sync_names() {
  for (const std::string& directory : {core_.paths.quarantine(), core_.paths.journal(), core_.paths.large()}) {
    auto synced = co_await core_.disk.sync_directory(directory);
    if (!synced) co_return synced;
  }
  co_return base::Result<>{};
}

Recovery::Step<> Recovery::check_large() {
  auto entries = co_await core_.disk.list(core_.paths.large());
  if (!entries) co_return std::unexpected(std::move(entries.error()));
  std::set<base::MessageId> whole;
  for (const disk::Entry& entry : *entries) {
    const std::string path = core_.paths.large() + "/" + entry.name;
    const auto id = base::parse_message_id(entry.name);
    const Live* live = id ? core_.index_.find(*id) : nullptr;
    if (live != nullptr && (live->flags & body_is_large) != 0 && live->body_size == entry.size) {
      whole.insert(*id);
      continue;
    }
    // No record names it: never acknowledged, or done.  But where records were damaged it may be what is left of a
    // message.
    base::Result<> gone;
    if (live != nullptr || (id && core_.quarantined_ > 0))
      gone = co_await core_.disk.rename(path, core_.paths.quarantine() + "/" + entry.name + ".body");
    else
      gone = co_await core_.disk.remove(path);
    if (!gone) co_return gone;
  }
  std::vector<base::MessageId> lost;
  for (const auto& [id, live] : core_.index_.messages())
    if ((live.flags & body_is_large) != 0 && !whole.contains(id)) lost.push_back(id);
  for (const base::MessageId id : lost) {
    ++core_.quarantined_;
    core_.log.error("spool_body_missing", {{"id", base::to_string(id)}, {"file", core_.paths.large(id)}});
    // Its record stays where it is, so its segment is kept; it can't be delivered.
    core_.index_.forget(id);
  }
  co_return base::Result<>{};
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
