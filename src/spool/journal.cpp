// SPDX-License-Identifier: Apache-2.0
#include "journal.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "godwit/base/checksum.hpp"
#include "index_block.hpp"
#include "record.hpp"
#include "segment_header.hpp"
#include "shortage.hpp"

namespace godwit::spool {
namespace {

constexpr std::uint64_t max_group =
    16U << 20U;  // bytes of records in a group; a single larger record has one of its own
constexpr std::uint64_t zero_window = 1U << 20U;    // written and synced at a time
constexpr std::uint64_t short_segment = 4U << 20U;  // made on the spot when no spare is ready

// Written again and again: not every system has one page of zeros for all that is only read.
constexpr std::size_t zeros_size = std::size_t{64} << 10U;
const std::array<char, zeros_size> zeros{};

std::vector<std::string_view> zero_parts(std::uint64_t size) {
  std::vector<std::string_view> parts(size / zeros_size, std::string_view(zeros.data(), zeros_size));
  if (const auto rest = size % zeros_size; rest > 0) parts.emplace_back(zeros.data(), rest);
  return parts;
}

AppendResult<void> harmless_if_short(base::Error error) {
  const bool is_short = no_descriptor(error) || error.kind == base::ErrorKind::exhausted;
  return std::unexpected(AppendFailure{std::move(error), !is_short});
}

// Bytes that sealing needs after the last group.
std::uint64_t seal_size(std::size_t index) {
  return group_size(record_size(index)) + block_size;
}

}  // namespace

Journal::Journal(Settings settings, disk::Disk& disk, const base::Clock& clock, base::Random& random,
                 const base::MessageIdGenerator& ids)
    : settings_(std::move(settings)),
      paths_(settings_.directory),
      disk_(disk),
      clock_(clock),
      random_(random),
      ids_(ids) {}

void Journal::restore(std::unique_ptr<ActiveSegment> active, std::uint64_t next_group, std::uint32_t next_number) {
  active_ = std::move(active);
  if (active_) room_ = active_->capacity - active_->offset;
  next_group_ = next_group;
  next_number_ = next_number;
}

std::size_t Journal::count_fitting(std::span<const Item> items) const {
  if (!active_) return 0;
  std::uint64_t records = 0;
  std::size_t index = active_->index.size();
  std::size_t count = 0;
  for (const Item& item : items) {
    records += record_size(item.payload());
    index += index_entry_size(item.summary.size());
    if (active_->offset + group_size(records) + seal_size(index) > active_->capacity) break;
    if (count > 0 && records > max_group) break;
    ++count;
  }
  return count;
}

boost::asio::awaitable<AppendResult<std::vector<Place>>> Journal::append(std::span<const Item> items) {
  assert(!items.empty());
  std::size_t count = count_fitting(items);
  if (count == 0) {
    auto rolled = co_await roll(record_size(items[0].payload()), index_entry_size(items[0].summary.size()));
    if (!rolled) co_return std::unexpected(std::move(rolled.error()));
    count = count_fitting(items);
    assert(count > 0);
  }
  co_return co_await write_group(items.first(count));
}

boost::asio::awaitable<AppendResult<std::vector<Place>>> Journal::close() {
  if (!active_ || active_->offset + group_size(0) + seal_size(active_->index.size()) > active_->capacity)
    co_return std::vector<Place>{};
  co_return co_await write_group({});
}

Journal::Step<> Journal::roll(std::uint64_t records, std::size_t index) {
  // The next file first: when the disk is full, the old segment stays as it is.
  const std::uint64_t capacity = round_up(block_size + group_size(records) + seal_size(index), block_size);
  auto spare = co_await take_or_make_spare(capacity);
  if (!spare) co_return harmless_if_short(std::move(spare.error()));
  if (active_) {
    auto sealed = co_await seal();
    if (!sealed) co_return sealed;
  }
  co_return co_await activate(std::move(*spare));
}

Journal::Step<> Journal::seal() {
  const Item index{.type = RecordType::index, .front = active_->index, .payload_crc = base::crc32c(active_->index)};
  const std::uint64_t index_at = active_->offset;
  // Trailer and index may reach the disk in any order: a trailer that points to no index says nothing, an index without
  // a trailer is found by reading the groups.
  const std::string trailer = encode(Trailer{active_->generation, index_at, next_group_});
  auto written = co_await active_->file->write(active_->capacity - block_size, trailer);
  if (!written) co_return harmless_if_short(std::move(written.error()));
  // Index → sync → next segment's name: recovery takes an unsealed segment that has a successor for damaged.
  auto group = co_await write_group({&index, 1});
  if (!group) co_return std::unexpected(std::move(group.error()));
  sealed_.push_back(active_->number);
  {
    const std::scoped_lock lock(index_mutex_);
    active_.reset();
  }
  co_return AppendResult<void>{};
}

Journal::Step<> Journal::activate(Spare spare) {
  const std::uint32_t number = allocate_number();
  auto active = std::make_unique<ActiveSegment>();
  active->number = number;
  active->generation = make_generation(number, random_.next());
  active->capacity = spare.capacity;
  active->file = spare.file;
  const std::string header = encode(SegmentHeader{.generation = active->generation,
                                                  .capacity = active->capacity,
                                                  .first_group = next_group_,
                                                  .created = clock_.wall(),
                                                  .last_id = ids_.last()});
  // header → sync → name → sync journal/ → groups.  A crash before the name: a spare whose content nobody reads. Before
  // the directory's sync: the name may come or go, the segment is empty.  So a named segment without a valid header is
  // damage.
  auto written = co_await active->file->write(0, header);
  if (!written) co_return harmless_if_short(std::move(written.error()));
  auto synced = co_await sync(*active->file);
  if (!synced) co_return synced;
  auto named = co_await disk_.rename(paths_.spare(spare.number), paths_.segment(number));
  if (!named) co_return harmless_if_short(std::move(named.error()));
  auto durable = co_await disk_.sync_directory(paths_.journal());
  if (!durable && no_descriptor(durable.error()))
    co_return co_await take_name_back(std::move(spare), number, std::move(durable.error()));
  if (!durable) co_return std::unexpected(AppendFailure{std::move(durable.error()), true});
  {
    const std::scoped_lock lock(index_mutex_);
    active_ = std::move(active);
    room_ = active_->capacity - active_->offset;
  }
  co_return AppendResult<void>{};
}

// The folder could not be opened to be synced: the next try finds all as it was.  Its sync makes this change of the
// name durable, too.
Journal::Step<> Journal::take_name_back(Spare spare, std::uint32_t number, base::Error why) {
  auto unnamed = co_await disk_.rename(paths_.segment(number), paths_.spare(spare.number));
  if (!unnamed) co_return std::unexpected(AppendFailure{std::move(unnamed.error()), true});
  add_spare(std::move(spare));
  co_return std::unexpected(AppendFailure{std::move(why), false});
}

boost::asio::awaitable<base::Result<Spare>> Journal::take_or_make_spare(std::uint64_t capacity) {
  {
    const std::scoped_lock lock(spares_mutex_);
    for (auto spare = spares_.begin(); spare != spares_.end(); ++spare) {
      if (spare->capacity < capacity) continue;
      Spare taken = std::move(*spare);
      spares_.erase(spare);
      co_return taken;
    }
  }
  Spare spare{allocate_number(), std::max(capacity, std::min(short_segment, settings_.segment_size)), nullptr};
  const std::string path = paths_.spare(spare.number);
  auto file = co_await disk_.open(path, disk::OpenMode::create_new);
  if (!file) co_return std::unexpected(std::move(file.error()));
  spare.file = std::move(*file);
  static const std::atomic<bool> wanted = true;
  auto filled = co_await write_ahead(*spare.file, spare.capacity, wanted);
  if (filled) co_return spare;
  static_cast<void>(co_await disk_.remove(path));
  co_return std::unexpected(std::move(filled.error()));
}

boost::asio::awaitable<base::Result<>> Journal::write_ahead(disk::File& file, std::uint64_t size,
                                                            const std::atomic<bool>& wanted) {
  for (std::uint64_t at = 0; at < size && wanted; at += zero_window) {
    const auto window = zero_parts(std::min(zero_window, size - at));
    auto written = co_await file.write_vector(at, window);
    if (!written) co_return written;
    // Synced window by window: one large sync at the end would hold up the syncs of the commits beside it.
    auto synced = co_await file.sync();
    if (!synced) co_return synced;
  }
  co_return base::Result<>{};
}

// The disk filled up in the middle of a group, and what was written may be all of its records: a crash before the next
// group would bring back messages that were refused, and the bodies of large ones are gone by then.  Where not even a
// block can be written over, it stays at that.
Journal::Step<> Journal::wipe_group() {
  const std::string_view block(zeros.data(), block_size);
  auto written = co_await active_->file->write(active_->offset, block);
  if (!written) co_return AppendResult<void>{};
  co_return co_await sync(*active_->file);
}

Journal::Step<std::vector<Place>> Journal::write_group(std::span<const Item> items) {
  static constexpr std::string_view padding{"\0\0\0\0\0\0\0", record_alignment - 1};
  ActiveSegment& active = *active_;
  std::string headers;
  headers.reserve(items.size() * record_header_size);  // the views below point into it
  std::vector<Place> places;
  std::string index;
  std::uint64_t at = group_header_size;
  for (const Item& item : items) {
    const auto length = static_cast<std::uint32_t>(item.payload());
    const auto offset = static_cast<std::uint32_t>(active.offset + at);
    headers += encode(RecordHeader{.type = item.type,
                                   .flags = item.flags,
                                   .id = item.id,
                                   .generation = active.generation,
                                   .length = length,
                                   .payload_crc = item.payload_crc,
                                   .holder = item.holder});
    places.push_back({active.number, offset, length});
    if (item.type != RecordType::index)
      index += encode(IndexEntry{item.type, item.flags, item.id, offset, length, item.summary});
    at += record_size(length);
  }
  const std::string group = encode(GroupHeader{.generation = active.generation,
                                               .number = next_group_,
                                               .length = static_cast<std::uint32_t>(at - group_header_size),
                                               .records = static_cast<std::uint32_t>(items.size()),
                                               .records_crc = base::crc32c(headers)});
  std::vector<std::string_view> parts{group};
  parts.reserve(items.size() * 4 + 2);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::uint64_t payload = items[i].payload();
    parts.push_back(std::string_view(headers).substr(i * record_header_size, record_header_size));
    parts.push_back(items[i].front);
    if (!items[i].body.empty()) parts.push_back(items[i].body);
    const std::uint64_t pad = record_size(payload) - record_header_size - payload;
    if (pad > 0) parts.push_back(padding.substr(0, pad));
  }
  // Zeros to the end of the block: what an earlier, cut group left there must not survive inside this one.
  const std::uint64_t end = round_up(at, block_size);
  parts.emplace_back(zeros.data(), end - at);

  auto written = co_await active.file->write_vector(active.offset, parts);
  if (!written) {
    auto failure = harmless_if_short(std::move(written.error()));
    if (failure.error().fatal) co_return std::unexpected(std::move(failure.error()));
    auto wiped = co_await wipe_group();
    co_return std::unexpected(std::move(wiped ? failure.error() : wiped.error()));
  }
  auto synced = co_await sync(*active.file);
  if (!synced) co_return std::unexpected(std::move(synced.error()));
  auto named = co_await check_name();
  if (!named) co_return std::unexpected(std::move(named.error()));
  active.offset += end;
  room_ = active.capacity - active.offset;
  {
    const std::scoped_lock lock(index_mutex_);
    active.index += index;
  }
  ++next_group_;
  ++groups_;
  co_return places;
}

Journal::Step<> Journal::sync(disk::File& file) {
  ++syncs_;
  auto synced = co_await file.sync();
  if (!synced) co_return std::unexpected(AppendFailure{std::move(synced.error()), true});
  co_return AppendResult<void>{};
}

// What is synced to a file without a name is gone with the process.
Journal::Step<> Journal::check_name() const {
  const std::string path = paths_.segment(active_->number);
  auto named = co_await active_->file->is_at(path);
  if (named && !*named) co_return std::unexpected(AppendFailure{removed_underneath(path), true});
  co_return AppendResult<void>{};
}

void Journal::add_spare(Spare spare) {
  const std::scoped_lock lock(spares_mutex_);
  spares_.push_back(std::move(spare));
}

std::size_t Journal::spares() const {
  const std::scoped_lock lock(spares_mutex_);
  return spares_.size();
}

std::uint64_t Journal::spare_bytes() const {
  const std::scoped_lock lock(spares_mutex_);
  std::uint64_t bytes = 0;
  for (const Spare& spare : spares_) bytes += spare.capacity;
  return bytes;
}

std::optional<std::string> Journal::active_index(std::uint32_t number) const {
  const std::scoped_lock lock(index_mutex_);
  if (!active_ || active_->number != number) return {};
  return active_->index;
}

std::optional<std::uint64_t> Journal::durable_end(std::uint32_t number) const {
  const std::scoped_lock lock(index_mutex_);
  if (!active_ || active_->number != number) return {};
  return active_->capacity - room_;
}

}  // namespace godwit::spool
