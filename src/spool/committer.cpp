// SPDX-License-Identifier: Apache-2.0
// The committer: gathers what waits into a group, writes it, syncs once, completes all.  While it syncs the next group
// gathers.
#include <algorithm>

#include "core.hpp"
#include "godwit/base/checksum.hpp"
#include "index_block.hpp"
#include "record.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t max_batch = 4096;  // records gathered at a time
constexpr std::uint64_t groups_between_space_checks = 64;
constexpr std::uint64_t most_kept = 8U << 20U;  // bytes of bodies that are not coming in any more

}  // namespace

// Empty: nothing waits.  Then draining is over, and the next who comes begins it anew, unless the log must be closed.
Core::Gathered Core::next_batch() {
  const std::scoped_lock lock(mutex_);
  // Deferred updates wait for the next record, somebody who waits for them, or the stop: trying at once would find the
  // disk as full as before, and what the system says of free space is no proof (inodes, quotas).
  const bool last_try = stopping_ && !closed_ && !deferred_.empty() && !std::exchange(tried_last_, true);
  const bool is_asked_for = !deferred_.empty() && !sync_waiters_.empty();
  if (pending_.empty() && !last_try && !is_asked_for) {
    const bool is_last = stopping_ && !closed_;
    closed_ = closed_ || is_last;
    draining_ = is_last;
    return {{}, 0, is_last};
  }
  std::vector<Pending> batch = std::exchange(deferred_, {});
  deferred_bytes_ = 0;
  const std::size_t count = std::min(pending_.size(), max_batch);
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto one = pending_.begin(); one != end; ++one) pending_bytes_ -= one->charged;
  if (batch.empty() && count == pending_.size()) return {std::exchange(pending_, {}), count};
  batch.insert(batch.end(), std::make_move_iterator(pending_.begin()), std::make_move_iterator(end));
  pending_.erase(pending_.begin(), end);
  return {std::move(batch), count};
}

boost::asio::awaitable<void> Core::drain() {
  if (full_) co_await check_space();
  for (;;) {
    auto [batch, taken, is_last] = next_batch();
    if (batch.empty()) {
      tell_sync_waiters(0);
      if (!is_last) break;
      if (!healthy_) continue;
      auto closed = co_await journal_.close();
      if (!closed && closed.error().fatal) fail(closed.error().error.message);
      continue;
    }
    co_await look_at_names();
    if (!healthy_) {
      refuse(batch, unhealthy());
      tell_sync_waiters(taken);
      continue;
    }
    resolve(batch);
    co_await write_batch(batch);
    tell_sync_waiters(taken);
    // Where many send, those that were just answered go first: the more the next group has, the fewer syncs there are.
    if (taken > 1) step_back();
    co_await check_space();
    maintain_if_needed();
    compact_if_needed();
  }
}

// Compaction's come last: a copy is dropped when an update of its message is under way, and so no update is written
// behind a copy with the number of the segment that the copy left.
void Core::resolve(std::vector<Pending>& batch) {
  std::vector<Pending> dropped;
  {
    const std::scoped_lock lock(index_mutex_);
    std::ranges::stable_partition(batch, [](const Pending& one) { return one.origin == Pending::Origin::caller; });
    const auto first = std::ranges::stable_partition(batch, [this](Pending& one) { return resolve_one(one); });
    dropped.assign(std::make_move_iterator(first.begin()), std::make_move_iterator(first.end()));
    batch.erase(first.begin(), first.end());
  }
  refuse(dropped, {Refused::Why::back_pressure, "not live, or changed meanwhile"});
}

// False: not to be written.
bool Core::resolve_one(Pending& pending) {
  if (pending.origin == Pending::Origin::caller)
    return pending.type == RecordType::message || pending.resolved || resolve_update(pending);
  if (!pending.as_read) return true;
  const Live* live = index_.find(pending.id);
  return live != nullptr && !live->done && live->place == pending.as_read->place &&
         live->update == pending.as_read->update && !index_.is_updating(pending.id);
}

// Turns an update into the record to write.
bool Core::resolve_update(Pending& pending) {
  const Effect effect = index_.prepare(pending.id, pending.update);
  if (effect == Effect::none) return false;
  if (effect == Effect::done) pending.type = RecordType::done;
  index_.begin_update(pending.id);
  if (auto cached = index_.cached(pending.id)) {
    auto changed = std::make_shared<StoredMessage>(*cached);
    mail::apply(pending.update, changed->envelope);
    index_.cache(pending.id, std::move(changed));
  }
  pending.holder = index_.find(pending.id)->place.segment;
  pending.front = mail::encode(pending.update);
  pending.payload_crc = base::crc32c(pending.front);
  pending.summary = summarise(pending.update, pending.holder);
  pending.resolved = true;
  return true;
}

boost::asio::awaitable<void> Core::write_batch(std::vector<Pending>& batch) {
  std::vector<Item> items;
  items.reserve(batch.size());
  for (const Pending& one : batch)
    items.push_back({one.type, one.flags, one.id, one.holder, one.front, one.body, one.payload_crc, one.summary});
  for (std::size_t at = 0; at < batch.size();) {
    auto places = co_await journal_.append(std::span(items).subspan(at));
    const std::span rest = std::span(batch).subspan(at);
    if (places) {
      settle_group(rest.first(places->size()), *places);
      at += places->size();
      continue;
    }
    const AppendFailure& failure = places.error();
    if (failure.fatal) {
      fail(failure.error.message);
      refuse(rest, unhealthy());
    } else {
      full_ = true;
      log.error("spool_full", {{"error", failure.error.message}});
      refuse(rest, {Refused::Why::full, failure.error.message});
      defer(rest);
    }
    co_return;
  }
}

// The group is durable.
void Core::settle_group(std::span<Pending> group, std::span<const Place> places) {
  std::vector<std::string> unlink;
  bool maintenance = false;
  std::uint64_t bytes = 0;
  {
    const std::scoped_lock lock(index_mutex_);
    maintenance = note_segments();
    for (std::size_t i = 0; i < group.size(); ++i) {
      settle_one(group[i], places[i], unlink);
      if (group[i].origin == Pending::Origin::caller) bytes += record_size(places[i].length);
    }
    if (bytes > 0) bytes += block_size;  // header and padding, more or less
    maintenance |= index_.segments().take_emptied();
    // What was just accepted is read soon or not for long, and memory that is used again is faster than more of it.
    // Bodies that are still coming in have the rest of the budget.
    const auto kept = std::min(budget->limit / 2, most_kept);
    index_.evict([this, kept] { return budget->used > kept; });
  }
  records_ += group.size();
  committed_bytes_ += bytes;
  measure(group);
  complete(group);
  notify(group);
  const std::scoped_lock lock(mutex_);
  // Group with the done → sync → unlink.  A crash before the unlink: start-up finds a file that no record names.
  unlink_.insert(unlink_.end(), unlink.begin(), unlink.end());
  maintenance_due_ |= maintenance || !unlink.empty();
}

// How long senders waited for it, and how many shared one sync.
void Core::measure(std::span<const Pending> group) {
  group_size_.add(static_cast<double>(group.size()));
  const auto now = clock.mono();
  for (const Pending& one : group)
    if (one.type == RecordType::message && one.origin == Pending::Origin::caller) commit_time_.add(now - one.since);
}

void Core::settle_one(Pending& one, const Place& place, std::vector<std::string>& unlink) {
  const bool ours = one.origin == Pending::Origin::compaction;
  if (one.type != RecordType::done) index_.segments().add_written(place, one.summary.size());
  if (one.type == RecordType::message) {
    index_.add(one.id, new_live(one.message->envelope, place, one.flags));
    // A large one would keep its file open, and is in the system's cache anyway.
    if (!ours && (one.flags & body_is_large) == 0) index_.cache(one.id, one.message);
    if (ours) ++copies_;
  } else if (ours) {
    if (one.type == RecordType::done)
      index_.segments().add_done(place.segment, one.holder);
    else
      index_.replace_updates(one.id, place);
  } else {
    index_.end_update(one.id);
    if (one.type == RecordType::update) return index_.add_update(one.id, place, one.update);
    const Live* live = index_.find(one.id);
    if (live != nullptr && (live->flags & body_is_large) != 0) unlink.push_back(paths.large(one.id));
    index_.finish(one.id, place.segment);
  }
}

// True when the journal went on to another segment.
bool Core::note_segments() {
  Segments& segments = index_.segments();
  const auto sealed = journal_.take_sealed();
  for (const std::uint32_t number : sealed) segments.open(number).sealed = true;
  const ActiveSegment* active = journal_.active();
  SegmentState& state = segments.open(active->number);
  if (state.file) return !sealed.empty();
  state.file = active->file;
  state.generation = active->generation;
  segments.set_capacity(active->number, active->capacity);
  return true;
}

void Core::defer(std::span<Pending> group) {
  std::uint64_t bytes = 0;
  for (Pending& one : group) {
    if (one.type == RecordType::message || one.origin != Pending::Origin::caller) continue;
    bytes += one.charged;
    deferred_.push_back(std::move(one));
  }
  const std::scoped_lock lock(mutex_);
  deferred_bytes_ += bytes;
}

void Core::notify(std::span<Pending> group) {
  if (!on_committed) return;
  for (Pending& one : group)
    if (one.type == RecordType::message && one.origin == Pending::Origin::caller) on_committed(std::move(one.message));
}

boost::asio::awaitable<void> Core::check_space() {
  if (!full_ && journal_.groups() - groups_at_check_ < groups_between_space_checks) co_return;
  groups_at_check_ = journal_.groups();
  co_await look_at_space();
}

boost::asio::awaitable<void> Core::look_at_space() {
  auto space = co_await disk.space(settings.directory);
  if (!space) co_return;  // nothing known, nothing changed
  const bool full = space->free_bytes < settings.min_free;
  if (full_.exchange(full) != full)
    log.warn(full ? "spool_full" : "spool_has_space", {{"free", space->free_bytes}, {"min_free", settings.min_free}});
  if (!full) spare_failed_ = false;
}

}  // namespace godwit::spool
