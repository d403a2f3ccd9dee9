// SPDX-License-Identifier: Apache-2.0
// On the pool: reads the segments that start-up took by their index only, and those in which somebody who read a
// message met damage, group by group at a low rate, and does with damage what recovery does.  A message whose record
// can't be read any more is written anew where memory still has it; else it is reported by its id and leaves the queue.
// Its bytes, as they are, lie in the quarantine.
#include <algorithm>

#include "core.hpp"
#include "segment_file.hpp"

namespace godwit::spool {
namespace {

template <class T>
using Awaitable = boost::asio::awaitable<T>;

constexpr int most_turns = 4;  // for a message to which something happens at the time
constexpr base::Duration gate_pause = std::chrono::milliseconds(5);
constexpr std::uint64_t scrub_rate = 32U << 20U;  // bytes a second

base::Duration time_for(std::uint64_t bytes) {
  return std::chrono::duration_cast<base::Duration>(
      std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(scrub_rate)));
}

struct Group {
  std::uint64_t size = 0;
  bool last = false;
};

// Reads the group at `at`.  Empty: it is not whole.
disk::Task<std::optional<Group>> read_group(disk::File& file, std::uint64_t at, std::uint64_t limit,
                                            Generation generation) {
  std::string bytes(block_size, '\0');
  auto got = co_await file.read(at, bytes);
  if (!got) co_return std::unexpected(std::move(got.error()));
  const auto header = decode_group_header(bytes);
  if (!header || header->generation != generation || group_size(header->length) > limit - at) co_return std::nullopt;
  bytes.resize(group_size(header->length));
  got = co_await file.read(at, bytes);
  if (!got) co_return std::unexpected(std::move(got.error()));
  const auto records = whole_group(bytes, generation);
  if (*got != bytes.size() || !records) co_return std::nullopt;
  const bool last = !records->empty() && records->back().header.type == RecordType::index;
  co_return Group{bytes.size(), last};
}

}  // namespace

void Core::scrub_later(std::vector<std::uint32_t> segments) {
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(segments, [this](std::uint32_t number) { return !scrubbing_.insert(number).second; });
  }
  if (segments.empty()) return;
  task_started();
  auto task = scrub(std::move(segments));
  spawn(executors.background, std::move(task));
}

Awaitable<void> Core::scrub(std::vector<std::uint32_t> segments) {
  for (const std::uint32_t number : segments) {
    const auto scrubbed = co_await scrub_segment(number);
    if (is_stopping()) co_return;
    {
      const std::scoped_lock lock(mutex_);
      scrubbing_.erase(number);
    }
    if (!scrubbed) log.warn("spool_scrub_failed", {{"segment", number}, {"error", scrubbed.error().message}});
  }
  log.info("spool_scrubbed", {{"segments", segments.size()}, {"damaged", quarantine.found()}});
}

// In a sealed one up to the trailer.
std::uint64_t Core::end_of_groups(std::uint32_t number, const SegmentState& state) const {
  return journal_.durable_end(number).value_or(state.capacity - block_size);
}

Awaitable<base::Result<>> Core::scrub_segment(std::uint32_t number) {
  const auto state = segment(number);
  if (!state) co_return base::Result<>{};
  const std::uint64_t limit = end_of_groups(number, *state);
  for (std::uint64_t at = block_size; at < limit;) {
    auto group = co_await read_group(*state->file, at, limit, state->generation);
    if (!group) co_return std::unexpected(std::move(group.error()));
    if (!segment(number)) co_return base::Result<>{};  // removed, perhaps written over
    if (!*group) {
      auto keeping = keep_damage_alone(number);
      co_return co_await std::move(keeping);
    }
    if ((*group)->last) break;
    at += (*group)->size;
    auto waiting = pause(time_for((*group)->size));
    co_await std::move(waiting);
    if (is_stopping()) break;
  }
  co_return base::Result<>{};
}

// What is written anew moves: no listing meanwhile, and no compaction.
Awaitable<base::Result<>> Core::keep_damage_alone(std::uint32_t number) {
  while (!gate_.try_move()) {
    auto waiting = pause(gate_pause);
    co_await std::move(waiting);
    if (is_stopping()) co_return base::Result<>{};
  }
  auto keeping = keep_damage(number);
  auto kept = co_await std::move(keeping);
  gate_.moved();
  co_return kept;
}

// With the gate closed to listings; the caller opens it.
Awaitable<base::Result<>> Core::keep_damage(std::uint32_t number) {
  const auto state = segment(number);
  if (!state) co_return base::Result<>{};
  const std::uint64_t end = end_of_groups(number, *state);
  const auto bytes = co_await read_all(*state->file, end + block_size);
  if (!bytes) co_return std::unexpected(bytes.error());
  const SegmentScan found = scan_segment(*bytes, state->generation, 0, Tail::proven);
  if (!segment(number)) co_return base::Result<>{};
  auto kept = co_await quarantine.keep_all(number, *bytes, found.damages);
  if (kept) kept = co_await disk.sync_directory(paths.quarantine());
  if (!kept) co_return kept;
  auto settling = settle_damaged(number, found, end);
  co_await std::move(settling);
  co_return base::Result<>{};
}

void Core::report_damaged(std::string_view event, base::MessageId id, const Place& place) {
  log.error(event, {{"id", base::to_string(id)}, {"segment", place.segment}, {"offset", place.offset}});
}

// What is needed below `end` and the segment does not have any more.  The segment's own index may be damaged, too.
Awaitable<void> Core::settle_damaged(std::uint32_t number, const SegmentScan& found, std::uint64_t end) {
  std::vector<std::uint64_t> readable;
  readable.reserve(found.records.size());
  for (const FoundRecord& record : found.records) readable.push_back(record.offset);
  std::ranges::sort(readable);
  std::vector<LiveIndex::Needed> damaged;
  for (std::size_t part = 0; part < LiveIndex::parts; ++part) {
    const std::scoped_lock lock(index_mutex_);
    for (const auto& needed : index_.needed_in(number, part))
      if (needed.place.offset < end && !std::ranges::binary_search(readable, needed.place.offset))
        damaged.push_back(needed);
  }
  std::ranges::sort(damaged, {}, [](const LiveIndex::Needed& needed) { return needed.place.offset; });
  for (const auto& [id, place] : damaged) {
    auto writing = write_anew(id, place);
    if (const bool written = co_await std::move(writing); !written) forget_damaged(id, place);
  }
}

// From what memory has of a message that was just accepted.  False: it has nothing.  Where it cannot be written, as the
// disk is full, the message stays as it is: whoever meets the damage again settles it.
Awaitable<bool> Core::write_anew(base::MessageId id, Place place) {
  for (int turn = 0; turn < most_turns; ++turn) {
    std::vector<Pending> records;
    bool is_live = false;
    {
      const std::scoped_lock lock(index_mutex_);
      const Live* live = index_.find(id);
      is_live = live != nullptr;
      if (is_live && needs(*live, place)) {
        auto message = index_.cached(id);
        if (!message) co_return false;
        const MessagePrefix prefix{.body_size = message->body->size()};
        records.push_back(copy_of(locate_in(*live), live->flags, prefix, {}, std::move(message)));
      }
    }
    if (records.empty()) {
      if (is_live && turn > 0)
        log.warn("message_rewritten",
                 {{"id", base::to_string(id)}, {"segment", place.segment}, {"offset", place.offset}});
      break;
    }
    auto writing = submit_all(std::move(records));
    if (const bool written = co_await std::move(writing); !written) break;
  }
  co_return true;
}

bool Core::needs(const Live& live, Place place) const {
  const auto updates = index_.updates(live);
  return live.place == place || std::ranges::find(updates, place) != updates.end();
}

void Core::forget_damaged(base::MessageId id, Place place) {
  bool is_message = false;
  {
    const std::scoped_lock lock(index_mutex_);
    const Live* live = index_.find(id);
    if (live == nullptr) return;  // forgotten just now
    is_message = live->place == place;
    if (is_message)
      index_.forget(id);
    else if (!index_.forget_update(id, place))
      return;
  }
  // Of an update: the message is whole, but a delivery may be repeated.
  report_damaged(is_message ? "message_damaged" : "update_damaged", id, place);
}

}  // namespace godwit::spool
