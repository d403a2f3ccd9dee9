// SPDX-License-Identifier: Apache-2.0
// The spool: keeps every message it acknowledged until each recipient is settled.  One interface (begin/commit, update,
// read, live), behind which segments, groups and the committer are hidden; DESIGN and docs/spool-format.md say how.
//
// Threads: every function may be called from any thread; coroutines resume on the executor of the caller.  The work is
// done on the committer's executor and on the pool for large bodies, both handed in at construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/histogram.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/random.hpp"
#include "godwit/base/result.hpp"
#include "godwit/disk/disk.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/spool/settings.hpp"
#include "godwit/spool/summary.hpp"

namespace godwit::log {
class Logger;
}

namespace godwit::spool {

// Why a message is not taken, typed so that the reply can blame the right side.
struct Refused {
  enum class Why { unhealthy, full, back_pressure, too_large, not_canonical } why = Why::unhealthy;
  std::string detail;  // for the log
};
template <class T = void>
using Accepted = std::expected<T, Refused>;

// The bytes of a stored message.  Immutable, shared, thread-safe.
class Body {
 public:
  virtual ~Body() = default;
  virtual std::uint64_t size() const = 0;
  // The whole body where it is held in memory (always for inline bodies), else empty: then read piece by piece.
  virtual std::optional<std::string_view> view() const = 0;
  // Up to into.size() bytes from `offset`; 0 at the end.  Resumes on the caller's executor.
  virtual boost::asio::awaitable<base::Result<std::size_t>> read(std::uint64_t offset, std::span<char> into) = 0;
};

struct StoredMessage {
  base::MessageId id;
  mail::Envelope envelope;  // with all updates applied
  std::shared_ptr<Body> body;
};

// A message being received.  Destroyed without commit: nothing remains of it.
class Incoming {
 public:
  virtual ~Incoming() = default;
  virtual base::MessageId id() const = 0;
  // Appends canonical bytes.  Small bodies stay in memory; beyond inline_limit they stream to a file of their own, and
  // the call completes when the bytes were handed to it (back-pressure).
  virtual boost::asio::awaitable<Accepted<>> write(std::string_view bytes) = 0;
  // Completes when message and envelope survive power loss, or were refused and leave nothing behind.
  virtual boost::asio::awaitable<Accepted<base::MessageId>> commit(mail::Envelope envelope) = 0;
};

struct Statistics {
  std::uint64_t messages = 0;  // live
  std::uint64_t groups = 0, syncs = 0, records = 0;
  std::uint64_t segments = 0;
  std::uint64_t bytes_live = 0;   // of records that are needed
  std::uint64_t bytes_used = 0;   // of segments and spare files; large bodies stand beside it
  std::uint64_t copies = 0;       // messages that compaction moved
  std::uint64_t quarantined = 0;  // found damaged since start
  bool healthy = true;
  base::HistogramCounts commit_time;  // of messages: handed to the committer → they survive power loss
  base::HistogramCounts group_size;   // records written with one sync
};

struct Executors {
  boost::asio::any_io_executor committer;   // one thread; may block
  boost::asio::any_io_executor bodies;      // a bounded pool; may block
  boost::asio::any_io_executor background;  // may block, and may yield to all others
  // Waits on the pool, so that background work keeps its rate.  Empty: a timer of the pool's.
  std::function<boost::asio::awaitable<void>(base::Duration)> pause = {};
};

// At full speed, as a start needs it, or with rests, so that nobody who commits meanwhile notices.
enum class Listing : std::uint8_t { fast, gentle };

class Spool {
 public:
  virtual ~Spool() = default;

  // The greatest id when it was opened: a message with a greater one has its notice, or will have it.
  virtual base::MessageId last_recovered() const = 0;

  // What committed() gives.  Called on the committer's executor; must not block.
  using Notice = std::function<void(std::shared_ptr<const StoredMessage>)>;
  virtual void on_committed(Notice notice) = 0;
  // A failed sync: nothing is acknowledged any more; the daemon must exit for a restart.
  virtual void on_fatal(std::function<void(std::string)> handler) = 0;

  // size_hint: SIZE of MAIL, 0 unknown.
  virtual Accepted<std::unique_ptr<Incoming>> begin(std::uint64_t size_hint) = 0;
  // Records an outcome; nobody waits for it (a crash may repeat what it says).  When no recipient is left waiting the
  // message is done and its space is free.  Unknown id: ignored.
  virtual void update(base::MessageId id, mail::Update update) = 0;
  // Completes when everything that was handed over before survives power loss.  Errors: exhausted (the disk is full,
  // and some updates wait in memory for space), io (a sync failed, see on_fatal).
  virtual boost::asio::awaitable<base::Result<>> sync() = 0;
  // False while so many updates wait for the disk, slow or full, that no more outcomes should be made.
  virtual bool keeps_up() const = 0;
  virtual boost::asio::awaitable<base::Result<StoredMessage>> read(base::MessageId id) = 0;
  // Every message that was live when the call began and still is, once, in any order; later ones may come too.  In
  // batches, read on the pool; `each` runs on the caller's executor, and gives false to stop.
  virtual boost::asio::awaitable<base::Result<>> for_each_live(Listing listing,
                                                               std::function<bool(const Summary&)> each) = 0;
  // The ids of those that `means` says, in order, with rests; it is asked on the pool, beside all that the caller's
  // executor does.
  virtual boost::asio::awaitable<base::Result<std::vector<base::MessageId>>> find_live(
      std::function<bool(const Summary&)> means) = 0;
  virtual Statistics statistics() const = 0;
  // Writes and syncs what is waiting; afterwards everything is refused as unhealthy.
  virtual boost::asio::awaitable<void> stop() = 0;
};

// Locks the directory, recovers, and is ready.  Errors: refused (another daemon holds it), io, corrupt (nothing
// readable).
boost::asio::awaitable<base::Result<std::unique_ptr<Spool>>> open_spool(Settings settings, disk::Disk& disk,
                                                                        const base::Clock& clock, base::Random& random,
                                                                        log::Logger& log, Executors executors);

}  // namespace godwit::spool
