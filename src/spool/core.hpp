// SPDX-License-Identifier: Apache-2.0
// The spool's inside: the queue in front of the committer, the committer, the housekeeping, the index.
//
// Threads: submit(), update(), begin-checks and reads from any thread.  drain() is the committer: it runs on
// executors.committer while something waits, one at a time.  maintain(), prepare_spares() and compact() run on
// executors.bodies, scrub() and gentle listings on executors.background, one of each at a time.  `mutex_` guards the
// queue and is held for a few instructions; `index_mutex_` guards the live index and is taken once a group.  Everything
// spawned holds a shared_ptr to the core; stop() waits until nothing is spawned any more.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "bodies.hpp"
#include "gate.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/spool/spool.hpp"
#include "index_block.hpp"
#include "journal.hpp"
#include "live_index.hpp"
#include "pending.hpp"
#include "quarantine.hpp"
#include "record.hpp"
#include "sync_waiters.hpp"

namespace godwit::spool {

// Records of a group.
inline constexpr double group_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096};

class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Settings settings, disk::Disk& disk, const base::Clock& clock, base::Random& random, log::Logger& log,
       Executors executors);

  // Takes the lock, recovers.
  boost::asio::awaitable<base::Result<>> open();

  std::expected<void, Refused> check_ready(std::uint64_t size_hint);
  // Completes when the record survives power loss.
  boost::asio::awaitable<Accepted<base::MessageId>> submit(Pending pending);
  void update(base::MessageId id, mail::Update update);
  boost::asio::awaitable<base::Result<>> sync();
  bool keeps_up() const;
  boost::asio::awaitable<base::Result<StoredMessage>> read(base::MessageId id);
  boost::asio::awaitable<base::Result<>> for_each_live(Listing listing, std::function<bool(const Summary&)> each);
  boost::asio::awaitable<base::Result<std::vector<base::MessageId>>> find_live(
      std::function<bool(const Summary&)> means);
  Statistics statistics() const;
  boost::asio::awaitable<void> stop();
  // A sync failed, or the state on disk is unknown: nothing is acknowledged any more.
  void fail(std::string why);
  // Runs on the pool, counted for stop().
  void remove_later(std::vector<std::string> paths);

  const Settings settings;
  const Paths paths;
  disk::Disk& disk;
  const base::Clock& clock;
  log::Logger& log;
  const Executors executors;
  base::MessageIdGenerator ids;
  const std::shared_ptr<Budget> budget;
  Quarantine quarantine;
  // Set before the first message.
  Spool::Notice on_committed;
  std::function<void(std::string)> on_fatal;

 private:
  friend class Recovery;
  friend class Compaction;
  template <class T>
  using Task = boost::asio::awaitable<T>;

  // The queue in front of the committer (core.cpp).
  void enqueue(Pending pending);
  void kick();
  void wake();
  void refuse(std::span<Pending> group, const Refused& why);
  void complete(std::span<Pending> group);
  void tell_sync_waiters(std::size_t settled);
  std::size_t queued() const;
  void task_started();
  void task_ended();
  void spawn(const boost::asio::any_io_executor& executor, Task<void> task);

  // The committer (committer.cpp).
  Task<void> drain();
  struct Gathered {
    std::vector<Pending> batch;
    std::size_t taken = 0;  // from the queue; the others were deferred
    bool is_last = false;   // stopping, and all is written: the log is to be closed
  };
  Gathered next_batch();
  void resolve(std::vector<Pending>& batch);
  bool resolve_one(Pending& pending);
  bool resolve_update(Pending& pending);
  Task<void> write_batch(std::vector<Pending>& batch);
  void settle_group(std::span<Pending> group, std::span<const Place> places);
  void measure(std::span<const Pending> group);
  void settle_one(Pending& one, const Place& place, std::vector<std::string>& unlink);
  bool note_segments();
  void defer(std::span<Pending> group);
  void notify(std::span<Pending> group);
  Task<void> check_space();
  Task<void> look_at_space();

  // Whether the files are still there (presence.cpp).
  Task<void> look_at_names();
  std::vector<std::pair<std::uint32_t, std::shared_ptr<disk::File>>> needed_segments() const;

  // Housekeeping (maintenance.cpp).
  void maintain_if_needed();
  bool needs_spare() const;
  Task<void> maintain();
  Task<bool> remove_segments();
  Task<base::Result<std::optional<Spare>>> remove_segment(std::uint32_t number, SegmentState state, bool recycle);
  void prepare_spare_if_needed();
  Task<void> prepare_spares();
  Task<void> make_spare();

  // Background work with a rate (scrub.cpp, compaction.cpp, listing.cpp).
  Task<void> pause(base::Duration duration);
  void step_back() const;
  bool is_stopping() const;
  void scrub_later(std::vector<std::uint32_t> segments);
  Task<void> scrub(std::vector<std::uint32_t> segments);
  Task<base::Result<>> scrub_segment(std::uint32_t number);
  // Where the groups end that must be whole.
  std::uint64_t end_of_groups(std::uint32_t number, const SegmentState& state) const;
  Task<base::Result<>> keep_damage_alone(std::uint32_t number);
  Task<base::Result<>> keep_damage(std::uint32_t number);
  Task<void> settle_damaged(std::uint32_t number, const SegmentScan& found, std::uint64_t end);
  Task<bool> write_anew(base::MessageId id, Place place);
  bool needs(const Live& live, Place place) const;  // the index's lock is held
  void forget_damaged(base::MessageId id, Place place);
  void report_damaged(std::string_view event, base::MessageId id, const Place& place);
  void compact_if_needed();
  bool wants_compaction() const;  // the index's lock is held
  Task<void> compact();
  Task<bool> submit_all(std::vector<Pending> batch);

  // Reading (reading.cpp, listing.cpp).
  struct Stored {
    Place place;
    std::shared_ptr<disk::File> file;
  };
  struct Found {
    base::MessageId id;
    Stored message;
    std::vector<Stored> updates;
    std::shared_ptr<const StoredMessage> cached;
    std::vector<Place> update_places() const;
    std::vector<std::uint32_t> segments() const;
  };
  // A message as its records say.
  struct Whole {
    RecordHeader header;
    MessagePrefix prefix;
    mail::Envelope envelope;  // with all updates applied
    std::string body;         // empty when large
  };
  // A message's record anew, with the state of its recipients; dropped where something happened to it since it was
  // found.  `head`: of a large body, which `message` is without.
  static Pending copy_of(const Found& found, std::uint8_t flags, MessagePrefix prefix, std::string_view head,
                         std::shared_ptr<const StoredMessage> message);
  std::optional<Found> locate(base::MessageId id) const;
  Found locate_in(const Live& live) const;
  Task<base::Result<StoredMessage>> read_here(Found found);
  Task<base::Result<Whole>> read_whole(const Found& found);
  Task<base::Result<std::vector<mail::Update>>> read_updates(const Found& found);
  std::optional<SegmentState> segment(std::uint32_t number) const;
  // The index of a segment, wherever it is; empty when the segment is gone.
  Task<base::Result<std::optional<std::string>>> entries_of(std::uint32_t number);
  Task<base::Result<>> list_segment(std::uint32_t number, Listing listing, std::function<void(Summary)> each);
  Task<base::Result<std::vector<base::MessageId>>> find_in(std::vector<std::uint32_t> segments,
                                                           std::function<bool(const Summary&)> means);
  std::vector<std::uint32_t> all_segments() const;
  // An entry whose record is the one that counts, with what the live index knows of its message.
  struct LiveEntry {
    IndexEntry entry;
    Live live;
    std::optional<LiveIndex::Side> side;
  };
  std::vector<LiveEntry> live_entries(std::uint32_t number, std::span<const IndexEntry> entries) const;

  Journal journal_;
  std::unique_ptr<disk::File> lock_;

  mutable std::mutex mutex_;
  std::vector<Pending> pending_;
  std::uint64_t pending_bytes_ = 0;
  std::uint64_t deferred_bytes_ = 0;
  SyncWaiters sync_waiters_;
  bool refused_any_ = false;  // as the spool had failed or was stopping
  bool draining_ = false;
  bool stopping_ = false;
  bool closed_ = false;
  bool tried_last_ = false;  // stopping, and what was deferred had its last try
  bool maintaining_ = false;
  std::set<std::uint32_t> scrubbing_;  // segments, or soon
  bool compacting_ = false;
  std::size_t tasks_ = 0;
  std::vector<std::move_only_function<void()>> idle_waiters_;

  mutable std::mutex index_mutex_;
  LiveIndex index_;
  Gate gate_;

  std::vector<Pending> deferred_;      // updates that found the disk full, tried with the next record; committer only
  std::vector<std::string> unlink_;    // large bodies of done messages; under mutex_
  std::uint64_t groups_at_check_ = 0;  // committer only
  std::optional<base::MonoTime> looked_at_names_;  // committer only
  struct {
    std::uint64_t live = 0, used = 0;
  } stuck_at_;                   // when compaction found nothing to gain; under index_mutex_
  std::uint64_t tolerated_ = 0;  // above the bound, since compaction emptied segments without gain; under index_mutex_
  bool maintenance_due_ = true;  // under mutex_
  std::atomic<bool> healthy_ = true;
  std::atomic<bool> full_ = false;
  std::atomic<bool> spare_failed_ = false;  // until space is found again
  std::atomic<bool> preparing_ = false;     // a spare is being written
  std::atomic<bool> write_ahead_wanted_ = true;
  std::atomic<std::uint64_t> records_ = 0;
  std::atomic<std::uint64_t> copies_ = 0;
  std::atomic<std::uint64_t> committed_bytes_ = 0;  // of records, without compaction's
  base::Histogram commit_time_{base::latency_bounds};
  base::Histogram group_size_{group_bounds};
};

}  // namespace godwit::spool
