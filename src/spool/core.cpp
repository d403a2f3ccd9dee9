// SPDX-License-Identifier: Apache-2.0
// The committer: gathers what waits into a group, writes it, syncs once, completes all.  While it syncs the next group
// gathers.
#include "core.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "godwit/base/checksum.hpp"
#include "index_block.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t max_batch = 4096;  // records gathered at a time
constexpr std::uint64_t groups_between_space_checks = 64;

Refused unhealthy() {
  return {Refused::Why::unhealthy, "the spool has failed or is stopping"};
}

}  // namespace

Core::Core(Settings s, disk::Disk& d, const base::Clock& c, base::Random& random, log::Logger& l, Executors e)
    : settings(std::move(s)),
      paths(settings.directory),
      disk(d),
      clock(c),
      log(l),
      executors(std::move(e)),
      ids(c),
      budget(std::make_shared<Budget>(settings.memory)),
      journal_(settings, d, c, random) {}

std::expected<void, Refused> Core::check_ready(std::uint64_t size_hint) {
  if (!healthy_) return std::unexpected(unhealthy());
  if (full_) {
    kick();  // looks again
    return std::unexpected(Refused{Refused::Why::full, "less than spool.min_free is free"});
  }
  if (size_hint > settings.message_size)
    return std::unexpected(Refused{Refused::Why::too_large, "SIZE is above the limit"});
  const std::uint64_t expected = std::min(size_hint, settings.inline_limit);
  if (budget->used + expected > budget->limit)
    return std::unexpected(Refused{Refused::Why::back_pressure, "bodies in memory are at their limit"});
  const std::scoped_lock lock(mutex_);
  if (stopping_) return std::unexpected(unhealthy());
  if (pending_bytes_ > budget->limit / 2)
    return std::unexpected(Refused{Refused::Why::back_pressure, "the disk does not keep up"});
  return {};
}

boost::asio::awaitable<Accepted<base::MessageId>> Core::submit(Pending pending) {
  const auto self = shared_from_this();
  auto initiate = [self](auto handler, Pending waiting) {
    waiting.executor = boost::asio::get_associated_executor(handler);
    waiting.completion = std::move(handler);
    self->enqueue(std::move(waiting));
  };
  co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Accepted<base::MessageId>)>(
      initiate, boost::asio::use_awaitable, std::move(pending));
}

void Core::update(base::MessageId id, mail::Update update) {
  Pending pending;
  pending.type = RecordType::update;
  pending.id = id;
  pending.update = std::move(update);
  enqueue(std::move(pending));
}

void Core::enqueue(Pending pending) {
  bool taken = false;
  {
    const std::scoped_lock lock(mutex_);
    if (healthy_ && !stopping_) {
      pending_bytes_ += pending.front.size() + pending.body.size();
      pending_.push_back(std::move(pending));
      taken = true;
    }
  }
  if (taken)
    kick();
  else
    refuse({&pending, 1}, unhealthy());
}

void Core::kick() {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(draining_, true)) return;
    ++tasks_;
  }
  wake();
}

void Core::wake() {
  auto task = [](std::shared_ptr<Core> self) -> boost::asio::awaitable<void> {
    co_await self->drain();
    self->task_ended();
  };
  boost::asio::co_spawn(executors.committer, task(shared_from_this()), boost::asio::detached);
}

// Empty: nothing waits.  Then draining is over, unless the log must be closed first.
std::vector<Pending> Core::next_batch() {
  const std::scoped_lock lock(mutex_);
  // Deferred updates wait for space, or for the next record: trying at once would find the disk as full as before.
  if (pending_.empty() && (full_ || deferred_.empty())) {
    if (!stopping_ || closed_) draining_ = false;
    return {};
  }
  std::vector<Pending> batch = std::exchange(deferred_, {});
  const std::size_t count = std::min(pending_.size(), max_batch);
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto one = pending_.begin(); one != end; ++one) pending_bytes_ -= one->front.size() + one->body.size();
  if (batch.empty() && count == pending_.size()) return std::exchange(pending_, {});
  batch.insert(batch.end(), std::make_move_iterator(pending_.begin()), std::make_move_iterator(end));
  pending_.erase(pending_.begin(), end);
  return batch;
}

boost::asio::awaitable<void> Core::drain() {
  if (full_) co_await check_space();
  for (;;) {
    std::vector<Pending> batch = next_batch();
    if (batch.empty()) {
      {
        const std::scoped_lock lock(mutex_);
        if (!draining_) break;
        closed_ = true;  // stopping, and all is written
      }
      if (!healthy_) continue;
      auto closed = co_await journal_.close();
      if (!closed && closed.error().fatal) fail(closed.error().error.message);
      continue;
    }
    if (!healthy_) {
      refuse(batch, unhealthy());
      continue;
    }
    resolve(batch);
    co_await write_batch(batch);
    co_await check_space();
    maintain_if_needed();
  }
}

void Core::resolve(std::vector<Pending>& batch) {
  const std::scoped_lock lock(index_mutex_);
  std::erase_if(batch, [this](Pending& pending) { return !resolve_one(pending); });
}

// Turns an update into the record to write; false when its message is not live.
bool Core::resolve_one(Pending& pending) {
  if (pending.type == RecordType::message || pending.resolved) return true;
  Live* live = index_.find(pending.id);
  if (live == nullptr || live->done) return false;
  if (settle(*live, pending.update)) {
    live->done = true;
    pending.type = RecordType::done;
  }
  if (live->cached) {
    auto changed = std::make_shared<StoredMessage>(*live->cached);
    mail::apply(pending.update, changed->envelope);
    live->cached = std::move(changed);
  }
  pending.front = mail::encode(pending.update);
  pending.payload_crc = base::crc32c(pending.front);
  pending.summary = summarise(pending.update);
  pending.resolved = true;
  return true;
}

boost::asio::awaitable<void> Core::write_batch(std::vector<Pending>& batch) {
  std::vector<Item> items;
  items.reserve(batch.size());
  for (const Pending& one : batch)
    items.push_back({one.type, one.flags, one.id, one.front, one.body, one.payload_crc, one.summary});
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
  {
    const std::scoped_lock lock(index_mutex_);
    maintenance = note_segments();
    for (std::size_t i = 0; i < group.size(); ++i) {
      Pending& one = group[i];
      if (one.type == RecordType::message) {
        Live live{.place = places[i],
                  .flags = one.flags,
                  .body_size = one.message->body->size(),
                  .settled = {},
                  .updates = {},
                  .cached = one.message};
        set_recipients(live, one.message->envelope);
        index_.add(one.id, std::move(live));
      } else if (one.type == RecordType::done) {
        const Live* live = index_.find(one.id);
        if (live != nullptr && (live->flags & body_is_large) != 0) unlink.push_back(paths.large(one.id));
        maintenance |= index_.finish(one.id, places[i].segment);
      } else {
        index_.add_update(one.id, places[i]);
      }
    }
    // Half of the budget is for bodies that are still coming in.
    index_.evict([this] { return budget->used > budget->limit / 2; });
  }
  records_ += group.size();
  complete(group);
  notify(group);
  const std::scoped_lock lock(mutex_);
  // Group with the done → sync → unlink.  A crash before the unlink: start-up finds a file that no record names.
  unlink_.insert(unlink_.end(), unlink.begin(), unlink.end());
  maintenance_due_ |= maintenance || !unlink.empty();
}

// True when the journal went on to another segment.
bool Core::note_segments() {
  const auto sealed = journal_.take_sealed();
  for (const std::uint32_t number : sealed) index_.segment(number).sealed = true;
  const ActiveSegment* active = journal_.active();
  SegmentState& state = index_.segment(active->number);
  if (state.file) return !sealed.empty();
  state.file = active->file;
  state.capacity = active->capacity;
  return true;
}

// Messages only; updates have nobody who waits.
void Core::refuse(std::span<Pending> group, const Refused& why) {
  for (Pending& one : group) {
    if (!one.completion) continue;
    boost::asio::post(one.executor, [completion = std::move(one.completion), why]() mutable {
      completion(std::unexpected(std::move(why)));
    });
    one.completion = nullptr;
  }
}

void Core::defer(std::span<Pending> group) {
  for (Pending& one : group)
    if (one.type != RecordType::message) deferred_.push_back(std::move(one));
}

// One post for each executor, not for each message.
void Core::complete(std::span<Pending> group) {
  using Done = std::pair<Completion, base::MessageId>;
  struct Batch {
    boost::asio::any_io_executor executor;
    std::vector<Done> all;
  };
  std::deque<Batch> by_executor;
  for (Pending& one : group) {
    if (!one.completion) continue;
    auto found = std::ranges::find(by_executor, one.executor, &Batch::executor);
    if (found == by_executor.end()) found = by_executor.insert(found, Batch{one.executor, {}});
    found->all.emplace_back(std::move(one.completion), one.id);
    one.completion = nullptr;
  }
  for (auto& [executor, all] : by_executor)
    boost::asio::post(executor, [all = std::move(all)]() mutable {
      for (auto& [completion, id] : all) completion(id);
    });
}

void Core::notify(std::span<Pending> group) {
  if (!on_committed) return;
  for (Pending& one : group)
    if (one.type == RecordType::message) on_committed(std::move(one.message));
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

void Core::fail(std::string why) {
  if (!healthy_.exchange(false)) return;
  log.error("spool_failed", {{"error", why}});
  if (!on_fatal) return;
  boost::asio::post(executors.committer, [self = shared_from_this(), why = std::move(why)] { self->on_fatal(why); });
}

Statistics Core::statistics() const {
  Statistics s;
  s.groups = journal_.groups();
  s.syncs = journal_.syncs();
  s.records = records_;
  s.quarantined = quarantined_;
  s.healthy = healthy_;
  const std::scoped_lock lock(index_mutex_);
  s.messages = index_.messages().size();
  s.segments = index_.segments().size();
  for (const auto& [number, state] : index_.segments()) {
    s.bytes_live += state.bytes_live;
    s.bytes_used += state.capacity;
  }
  return s;
}

}  // namespace godwit::spool
