// SPDX-License-Identifier: Apache-2.0
#include "compaction.hpp"

#include <algorithm>
#include <map>

#include "godwit/base/checksum.hpp"
#include "record.hpp"

namespace godwit::spool {
namespace {

constexpr std::uint64_t rate = 64U << 20U;          // bytes a second
constexpr std::uint64_t batch_bytes = 256U << 10U;  // written at a time
constexpr std::size_t batch_records = 4096;
constexpr std::uint64_t max_credit = 16U << 20U;
constexpr std::size_t long_queue = 64;  // records that wait for the committer
constexpr std::size_t entries_per_lock = 128;
constexpr int max_passes = 3;        // over a segment whose messages keep changing
constexpr int max_without_gain = 8;  // segments emptied in a row; by the arithmetic five free one
constexpr int max_looks = 1000;      // for the removal of what was emptied
constexpr base::Duration moment = std::chrono::milliseconds(5);

base::Duration time_for(std::uint64_t bytes) {
  return std::chrono::duration_cast<base::Duration>(
      std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(rate)));
}

// One update that says what all of them said.
mail::Update merge(std::span<const mail::Update> updates) {
  mail::Update all;
  std::map<std::uint32_t, mail::RecipientUpdate> recipients;
  for (const mail::Update& update : updates) {
    for (const mail::RecipientUpdate& change : update.recipients) recipients[change.index] = change;
    if (update.attempts) all.attempts = update.attempts;
    if (update.next_attempt) all.next_attempt = update.next_attempt;
    if (update.held) all.held = update.held;
    if (update.warned) all.warned = update.warned;
  }
  for (auto& [index, change] : recipients) all.recipients.push_back(std::move(change));
  return all;
}

AsRead as_read(const Place& place, const std::vector<Place>& updates) {
  return {place, updates.empty() ? Place{} : updates.back()};
}

}  // namespace

// Within the bound less one segment, which is what a compaction may take for a while.  The two spare files are part
// of it.
bool Core::wants_compaction() const {
  const Segments& segments = index_.segments();
  return segments.bytes_movable() > 2 * segments.bytes_live() + settings.segment_size + tolerated_ &&
         (segments.bytes_live() != stuck_at_.live || segments.bytes_used() != stuck_at_.used);
}

void Core::compact_if_needed() {
  {
    const std::scoped_lock lock(index_mutex_);
    if (!wants_compaction()) return;
  }
  {
    const std::scoped_lock lock(mutex_);
    if (compacting_ || stopping_ || !healthy_) return;
    compacting_ = true;
    ++tasks_;
  }
  auto task = compact();
  spawn(executors.bodies, std::move(task));
}

Core::Task<void> Core::compact() {
  Compaction compaction(*this);
  auto running = compaction.run();
  co_await std::move(running);
  {
    const std::scoped_lock lock(mutex_);
    compacting_ = false;
  }
  compact_if_needed();  // what was asked for since the last look
}

boost::asio::awaitable<void> Compaction::run() {
  committed_ = core_.committed_bytes_;
  std::uint64_t least_used = ~std::uint64_t{0};
  std::uint64_t committed_then = committed_;  // commits take what was gained
  int without_gain = 0;
  while (!core_.is_stopping() && without_gain < max_without_gain) {
    std::optional<std::uint32_t> target;
    {
      const std::scoped_lock lock(core_.index_mutex_);
      if (!core_.wants_compaction()) co_return;
      core_.tolerated_ = 0;
      const std::uint64_t used = core_.index_.segments().bytes_used();
      const std::uint64_t committed = core_.committed_bytes_;
      const bool gained = used < least_used || committed - committed_then > core_.settings.segment_size / 16;
      without_gain = gained ? 0 : without_gain + 1;
      if (gained) {
        least_used = used;
        committed_then = committed;
      }
      target = core_.index_.segments().emptiest();
    }
    bool gone = false;
    if (target) gone = co_await empty(*target);
    if (gone) gone = co_await wait_for_removal(*target);
    if (!gone) break;
  }
  // Nothing pays, or it can't be done now: not tried again before something has changed.
  const std::scoped_lock lock(core_.index_mutex_);
  const Segments& segments = core_.index_.segments();
  core_.stuck_at_ = {segments.bytes_live(), segments.bytes_used()};
  if (without_gain < max_without_gain) co_return;
  // Records so short that the bound can't be held: not tried again before there is clearly more to gain.
  const std::uint64_t twice = 2 * segments.bytes_live();
  core_.tolerated_ = segments.bytes_movable() - std::min(segments.bytes_movable(), twice);
}

Compaction::Task<bool> Compaction::empty(std::uint32_t number) {
  for (int i = 0; i < max_passes && !is_empty(number); ++i) {
    const bool passed = co_await pass(number);
    if (!passed) co_return false;
  }
  co_return is_empty(number);
}

bool Compaction::is_empty(std::uint32_t number) const {
  const auto state = core_.segment(number);
  return !state || (state->messages == 0 && state->updates == 0 && state->dones.empty());
}

Compaction::Task<bool> Compaction::wait_for_removal(std::uint32_t number) {
  {
    const std::scoped_lock lock(core_.mutex_);
    core_.maintenance_due_ = true;
  }
  core_.maintain_if_needed();
  for (int i = 0; i < max_looks && core_.segment(number); ++i) {
    auto waiting = core_.pause(moment);
    co_await std::move(waiting);
    if (core_.is_stopping()) co_return false;
  }
  co_return !core_.segment(number);
}

// Writes anew what was needed when it looked.  False: it can't go on.
Compaction::Task<bool> Compaction::pass(std::uint32_t number) {
  const auto entries = co_await core_.entries_of(number);
  if (!entries) co_return false;
  if (!*entries) co_return true;
  const std::vector<Job> jobs = jobs_of(number, **entries);
  if (const auto state = core_.segment(number)) segment_ = std::make_shared<ReadAhead>(state->file);
  std::uint64_t left = 0;
  for (const Job& job : jobs) left += job.bytes;
  for (std::size_t at = 0; at < jobs.size();) {
    const std::uint64_t may_write = co_await turn(number, left);
    if (may_write == 0) co_return false;
    std::uint64_t bytes = 0;
    std::size_t count = 0;
    while (at + count < jobs.size() && count < batch_records && (count == 0 || bytes < may_write))
      bytes += jobs[at + count++].bytes;
    left -= bytes;
    const base::MonoTime began = core_.clock.mono();
    const bool moved = co_await move(number, std::span(jobs).subspan(at, count));
    core_.gate_.moved();
    took_ = core_.clock.mono() - began;
    if (!moved) co_return false;
    at += count;
  }
  // Only now, when each of them has a durable copy; a sealed segment gets no more.
  const std::scoped_lock lock(core_.index_mutex_);
  core_.index_.segments().dones_moved(number);
  co_return true;
}

std::vector<Compaction::Job> Compaction::jobs_of(std::uint32_t number, std::string_view entries) const {
  std::vector<Job> jobs;
  const auto state = core_.segment(number);
  if (!state) return jobs;
  IndexReader reader(entries);
  for (bool more = true; more;) {
    const std::scoped_lock lock(core_.index_mutex_);  // for a few at a time: commits take it too
    for (std::size_t i = 0; i < entries_per_lock && more; ++i) {
      const auto entry = reader.next();
      more = entry.has_value();
      if (entry) add_job(number, *state, *entry, jobs);
    }
  }
  return jobs;
}

// The index's lock is held.
void Compaction::add_job(std::uint32_t number, const SegmentState& state, const IndexEntry& entry,
                         std::vector<Job>& jobs) const {
  if (entry.type == RecordType::done) return add_done(state, entry, jobs);
  const Live* live = core_.index_.find(entry.id);
  if (live == nullptr || live->done) return;
  const Place place{number, entry.offset, entry.length};
  const auto needs = [&] {
    const std::vector<Place> updates = core_.index_.updates(*live);
    return std::ranges::find(updates, place) != updates.end();
  };
  if (live->place == place)
    jobs.push_back({Job::What::message, live->id, 0, record_size(entry.length)});
  else if (live->place.segment != number && needs())
    jobs.push_back({Job::What::update, live->id, 0, record_size(entry.length)});
}

void Compaction::add_done(const SegmentState& state, const IndexEntry& entry, std::vector<Job>& jobs) const {
  UpdateSummary summary;
  if (!decode_summary(entry.summary, summary)) return;
  for (const auto& [holder, count] : state.dones)
    // A record without a holder is of an early version: it may be about a message of any.
    if (summary.holder == holder || summary.holder == 0)
      jobs.push_back({Job::What::done, entry.id, holder, record_size(0)});
}

// With the gate closed to listings; the caller opens it.
Compaction::Task<bool> Compaction::move(std::uint32_t number, std::span<const Job> jobs) {
  auto records = co_await read(number, jobs);
  if (!records) {
    core_.log.warn("spool_not_compacted", {{"segment", number}, {"error", records.error().message}});
    co_return false;
  }
  if (records->empty()) co_return true;
  auto writing = core_.submit_all(std::move(*records));
  co_return co_await std::move(writing);
}

Compaction::Task<base::Result<std::vector<Pending>>> Compaction::read(std::uint32_t number, std::span<const Job> jobs) {
  std::vector<Pending> records;
  for (const Job& job : jobs) {
    if (job.what == Job::What::done) {
      Pending done;
      done.origin = Pending::Origin::compaction;
      done.type = RecordType::done;
      done.id = job.id;
      done.holder = job.holder;
      done.summary = summarise(mail::Update{}, job.holder);
      records.push_back(std::move(done));
      continue;
    }
    auto found = core_.locate(job.id);
    if (!found) continue;
    if (found->message.place.segment == number) found->message.file = segment_;
    for (Core::Stored& update : found->updates)
      if (update.place.segment == number) update.file = segment_;
    auto record = job.what == Job::What::message ? copy(*found) : fold(*found);
    auto read = co_await std::move(record);
    if (read) {
      records.push_back(std::move(*read));
      continue;
    }
    // Moved or settled meanwhile: the next pass sees.  Damaged: reported, and out of the way.
    if (read.error().kind == base::ErrorKind::io) co_return std::unexpected(std::move(read.error()));
    if (read.error().kind != base::ErrorKind::corrupt || !core_.locate(job.id)) continue;
    auto kept = co_await core_.keep_damage(number);
    if (!kept) co_return std::unexpected(std::move(kept.error()));
  }
  co_return records;
}

Pending Core::copy_of(const Found& found, std::uint8_t flags, MessagePrefix prefix, std::string_view head,
                      std::shared_ptr<const StoredMessage> message) {
  Pending record;
  record.origin = Pending::Origin::compaction;
  record.id = found.id;
  record.flags = static_cast<std::uint8_t>(flags | is_copy);
  const std::string envelope = mail::encode(message->envelope);
  prefix.envelope_size = static_cast<std::uint32_t>(envelope.size());
  record.front = encode(prefix) + envelope;
  record.front += head;
  record.summary = summarise(message->envelope, prefix.body_size);
  if (message->body) record.body = *message->body->view();
  record.message = std::move(message);
  record.payload_crc = base::crc32c(record.body, base::crc32c(record.front));
  record.as_read = as_read(found.message.place, found.update_places());
  return record;
}

Compaction::Task<base::Result<Pending>> Compaction::copy(const Core::Found& found) {
  auto whole = co_await core_.read_whole(found);
  if (!whole) co_return std::unexpected(std::move(whole.error()));
  const auto flags = whole->header.flags;
  std::string head;
  std::shared_ptr<Body> body;
  if ((flags & body_is_large) != 0)
    head = std::move(whole->body);
  else
    body = std::make_shared<InlineBody>(std::move(whole->body), Charge(core_.budget));
  auto message = std::make_shared<const StoredMessage>(found.id, std::move(whole->envelope), std::move(body));
  co_return Core::copy_of(found, flags, whole->prefix, head, std::move(message));
}

Compaction::Task<base::Result<Pending>> Compaction::fold(const Core::Found& found) {
  auto updates = co_await core_.read_updates(found);
  if (!updates) co_return std::unexpected(std::move(updates.error()));
  Pending record;
  record.origin = Pending::Origin::compaction;
  record.type = RecordType::update;
  record.id = found.id;
  record.holder = found.message.place.segment;
  record.update = merge(*updates);
  record.front = mail::encode(record.update);
  record.payload_crc = base::crc32c(record.front);
  record.summary = summarise(record.update, record.holder);
  record.as_read = as_read(found.message.place, found.update_places());
  co_return record;
}

// Whether the bound on space is in danger: it is left when the next segment is opened, unless this one is gone by then.
// What is left of the active one must hold what is to be written of this one, and what commits write meanwhile: half as
// much in a hurry, see turn().
bool Compaction::hurries(std::uint32_t number) const {
  const std::scoped_lock lock(core_.index_mutex_);
  const Segments& segments = core_.index_.segments();
  if (segments.bytes_movable() > 2 * (segments.bytes_live() + core_.settings.segment_size)) return true;
  const SegmentState* state = segments.find(number);
  return state != nullptr && core_.journal_.room() < 2 * state->needed_bytes();
}

// Waits for its turn and closes the gate; gives how much of `left` bytes may be written, 0 when stopping.  It waits as
// long as its last batch took at least, so that half of the time is the others'.  In a hurry it waits for nothing else
// but a listing, and writes twice what the commits wrote since that batch: more than they make necessary, since less
// than half of what is emptied is needed when the bound is exceeded.
Compaction::Task<std::uint64_t> Compaction::turn(std::uint32_t number, std::uint64_t left) {
  const std::uint64_t least = std::min(left, batch_bytes);
  for (bool is_closed = false;;) {
    const bool in_hurry = hurries(number);
    const auto rest = in_hurry && !is_closed ? base::Duration{} : std::max(moment, time_for(least));
    auto waiting = core_.pause(std::max(took_, rest));
    co_await std::move(waiting);
    if (core_.is_stopping()) co_return 0;
    const std::uint64_t committed = core_.committed_bytes_;
    const std::uint64_t more = committed - std::exchange(committed_, committed);
    credit_ = std::min(credit_ + (in_hurry ? 2 * more : more), max_credit);
    const bool is_idle = more == 0;
    if (!in_hurry && (core_.queued() > long_queue || (!is_idle && credit_ < least))) continue;
    is_closed = !core_.gate_.try_move();
    if (is_closed) continue;
    const std::uint64_t bytes = in_hurry ? std::max(least, credit_) : least;
    credit_ -= std::min(credit_, bytes);
    co_return std::max<std::uint64_t>(bytes, 1);
  }
}

// True: each was written, or dropped because its message changed.
Core::Task<bool> Core::submit_all(std::vector<Pending> batch) {
  struct Tally {
    std::mutex mutex;
    std::size_t left = 0;
    bool failed = false;
    std::move_only_function<void(bool)> done;
  };
  const auto self = shared_from_this();
  const auto tally = std::make_shared<Tally>();
  tally->left = batch.size();
  auto initiate = [self, tally](auto handler, std::vector<Pending> records) {
    const auto executor = boost::asio::get_associated_executor(handler);
    tally->done = [executor, then = std::move(handler)](bool written) mutable {
      boost::asio::post(executor, [then = std::move(then), written]() mutable { then(written); });
    };
    for (Pending& record : records) {
      record.executor = self->executors.bodies;
      record.completion = [tally](const Accepted<base::MessageId>& result) {
        const std::scoped_lock lock(tally->mutex);
        tally->failed |= !result && result.error().why != Refused::Why::back_pressure;
        if (--tally->left == 0) tally->done(!tally->failed);
      };
      self->enqueue(std::move(record));
    }
  };
  co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(bool)>(
      initiate, boost::asio::use_awaitable, std::move(batch));
}

}  // namespace godwit::spool
