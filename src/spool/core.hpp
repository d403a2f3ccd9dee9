// SPDX-License-Identifier: Apache-2.0
// The spool's inside: the queue in front of the committer, the committer, the housekeeping, the index.
//
// Threads: submit(), update(), begin-checks and reads from any thread.  drain() is the committer: it runs on
// executors.committer while something waits, one at a time.  maintain() runs on executors.bodies, one at a time.
// `mutex_` guards the queue and is held for a few instructions; `index_mutex_` guards the live index and is taken once
// a group.  Everything spawned holds a shared_ptr to the core; stop() waits until nothing is spawned any more.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bodies.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/spool/spool.hpp"
#include "journal.hpp"
#include "live_index.hpp"

namespace godwit::spool {

using Completion = std::move_only_function<void(Accepted<base::MessageId>)>;

// Something that waits for the committer.
struct Pending {
  RecordType type = RecordType::message;
  std::uint8_t flags = 0;
  base::MessageId id;
  std::string front;
  std::uint32_t payload_crc = 0;
  std::string summary;
  std::string_view body;                         // inline; kept alive by `message`
  std::shared_ptr<const StoredMessage> message;  // of message records
  mail::Update update;                           // of the others, until resolved
  bool resolved = false;
  Completion completion;
  boost::asio::any_io_executor executor;  // the caller's
};

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
  boost::asio::awaitable<base::Result<StoredMessage>> read(base::MessageId id);
  boost::asio::awaitable<base::Result<>> for_each_live(std::function<bool(const Summary&)> each);
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
  // Set before the first message.
  Spool::Notice on_committed;
  std::function<void(std::string)> on_fatal;

 private:
  friend class Recovery;

  // The committer (core.cpp).
  void enqueue(Pending pending);
  void kick();
  void wake();
  boost::asio::awaitable<void> drain();
  std::vector<Pending> next_batch();
  void resolve(std::vector<Pending>& batch);
  bool resolve_one(Pending& pending);
  boost::asio::awaitable<void> write_batch(std::vector<Pending>& batch);
  void settle_group(std::span<Pending> group, std::span<const Place> places);
  bool note_segments();
  void refuse(std::span<Pending> group, const Refused& why);
  void defer(std::span<Pending> group);
  void complete(std::span<Pending> group);
  void notify(std::span<Pending> group);
  boost::asio::awaitable<void> check_space();
  boost::asio::awaitable<void> look_at_space();

  // Housekeeping (maintenance.cpp).
  void maintain_if_needed();
  bool needs_spare() const;
  boost::asio::awaitable<void> maintain();
  boost::asio::awaitable<bool> remove_segments();
  boost::asio::awaitable<void> make_spare();
  void task_started();
  void task_ended();

  // Reading (reading.cpp).
  struct Stored {
    Place place;
    std::shared_ptr<disk::File> file;
  };
  struct Found {
    base::MessageId id;
    Stored message;
    std::uint64_t body_size = 0;
    std::vector<Stored> updates;
    std::shared_ptr<const StoredMessage> cached;
  };
  std::optional<Found> locate(base::MessageId id) const;
  Found locate_in(base::MessageId id, const Live& live) const;
  boost::asio::awaitable<base::Result<StoredMessage>> read_here(Found found);
  boost::asio::awaitable<base::Result<mail::Envelope>> read_envelope(const Found& found);
  boost::asio::awaitable<base::Result<>> apply_updates(const Found& found, mail::Envelope& envelope);
  boost::asio::awaitable<base::Result<std::vector<Summary>>> read_batch(base::MessageId after);

  Journal journal_;
  std::unique_ptr<disk::File> lock_;

  mutable std::mutex mutex_;
  std::vector<Pending> pending_;
  std::uint64_t pending_bytes_ = 0;
  bool draining_ = false;
  bool stopping_ = false;
  bool closed_ = false;
  bool maintaining_ = false;
  std::size_t tasks_ = 0;
  std::vector<std::move_only_function<void()>> idle_waiters_;

  mutable std::mutex index_mutex_;
  LiveIndex index_;

  std::vector<Pending> deferred_;      // updates that found the disk full; committer only
  std::vector<std::string> unlink_;    // large bodies of done messages; under mutex_
  std::uint64_t groups_at_check_ = 0;  // committer only
  bool maintenance_due_ = true;        // under mutex_
  std::atomic<bool> healthy_ = true;
  std::atomic<bool> full_ = false;
  std::atomic<bool> spare_failed_ = false;  // until space is found again
  std::atomic<bool> write_ahead_wanted_ = true;
  std::atomic<std::uint64_t> records_ = 0;
  std::atomic<std::uint64_t> quarantined_ = 0;
};

}  // namespace godwit::spool
