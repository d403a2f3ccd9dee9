// SPDX-License-Identifier: Apache-2.0
// What happened to every message, for as long as the settings say: append-only segments of events beside the spool
// (docs/history-format.md).  A record for people, not for mail: nothing ever waits for it.  When the disk is slow or
// full, events are lost and counted; what cannot be read is passed over and logged.  After a crash the events of the
// last moment may be missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"
#include "godwit/disk/disk.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/state/history_event.hpp"
#include "godwit/state/settings.hpp"

namespace godwit::state {

struct HistoryCounts {
  std::uint64_t events = 0;  // written since the start
  std::uint64_t lost = 0;    // not written: the disk was too slow, or refused
  std::uint64_t bytes = 0;   // of the events' files
  std::uint64_t index_bytes = 0;
  std::uint64_t behind = 0;  // bytes of events that the index does not have yet
  std::size_t segments = 0;
  std::optional<base::WallTime> since{};  // the oldest event
};

class HistoryWalk;

// What makes searches quick, made of the events behind all else: one more file that may be lost.
struct HistoryIndexPlace {
  std::string path;                       // SQLite
  boost::asio::any_io_executor executor;  // may block, on another thread than the history's
};
// Of one that is wanted no more: addresses must not outlive the events.  At start.
void remove_history_index(const std::string& path);

class History {
 public:
  static constexpr std::size_t most_events = 5000;  // of one message: the newest
  static constexpr base::Duration linger = std::chrono::milliseconds(100);

  // `executor` runs one thread, which may block.  The log must not lead back here.
  History(std::string directory, HistorySettings settings, disk::Disk& disk, const base::Clock& clock, log::Logger& log,
          const boost::asio::any_io_executor& executor, std::optional<HistoryIndexPlace> index = {});
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  // Any thread; never blocks.  Fields `id`, `about` and `new_id` name the messages that it belongs to.
  void add(std::string_view event, std::span<const log::Field> fields);
  // Any thread: takes what is there in hand, and from now on what is added is written.
  void start();
  void change_settings(HistorySettings settings);
  // Any thread; never blocks.
  HistoryCounts counts() const;
  // The rest from any reactor; they resume there.

  // All of a message that is there, the oldest first; also what was added just now.
  boost::asio::awaitable<base::Result<std::vector<HistoryEvent>>> of(base::MessageId id);
  // Looks from the newest to the oldest, until `until`.  Errors: exhausted (too many search at once).
  boost::asio::awaitable<base::Result<HistoryFound>> search(HistoryQuery query, base::MonoTime until);
  // Of all messages: the last `most` events of this name, from the oldest on, and those of the names `beside` in
  // between. What was added before the call is among them, what comes later need not be.  Nothing is read after
  // `until`.
  boost::asio::awaitable<std::shared_ptr<HistoryWalk>> walk(std::string event, std::vector<std::string> beside,
                                                            std::size_t most, base::MonoTime until);
  // Writes what waits; what is added later is lost.  Requires: start().
  boost::asio::awaitable<void> stop();

 private:
  friend class HistoryWalk;
  class Implementation;
  std::shared_ptr<Implementation> implementation_;  // tasks under way keep it alive
};

// May outlive the history.
class HistoryWalk {
 public:
  struct State;
  HistoryWalk(std::shared_ptr<History::Implementation> history, std::shared_ptr<State> state);
  ~HistoryWalk();
  HistoryWalk(const HistoryWalk&) = delete;
  HistoryWalk& operator=(const HistoryWalk&) = delete;

  // How many events of the name there are, all in all.
  std::size_t events() const;
  // There was no time to count them: there may be more.
  bool is_cut_short() const;
  // The next of them, a frame's worth; none: that was all, or all there was time for.  From any reactor; one call at a
  // time.
  boost::asio::awaitable<std::vector<HistoryEvent>> next();

 private:
  std::shared_ptr<History::Implementation> history_;
  std::shared_ptr<State> state_;
};

}  // namespace godwit::state
