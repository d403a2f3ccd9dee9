// SPDX-License-Identifier: Apache-2.0
// Who has tried before: a mail server tries again when it is deferred, what sends spam in masses often does not.  A
// group (a network, or a domain with all its hosts) whose attempt was repeated is known for weeks.  All is kept in
// memory, so that asking never waits, and is bounded: groups that are known and attempts apart from each other, so that
// a flood of attempts forgets nobody who is known.  SQLite keeps it over restarts; a crash may lose the last seconds. A
// file that is damaged is set aside and begun anew.  Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/recent_map.hpp"
#include "godwit/base/result.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/state/settings.hpp"

namespace godwit::state {

class Greylist {
 public:
  // `pool` may block, and runs one thing after the other.  The others outlive this and what it has started there.
  Greylist(const Settings& settings, boost::asio::any_io_executor pool, const base::Clock& clock, log::Logger& log);

  // Reads what is kept; blocks.  Nothing that is wrong with the file is an error: it is logged (greylist_rebuilt).
  void open();
  // Another bound of `entries` counts from the next start on.
  void change_settings(const GreylistSettings& settings);

  struct Answer {
    enum class Kind { known, now_known, early } kind = Kind::known;
    base::Duration time{};  // now_known: since its first attempt; early: until it may try again
  };
  // attempt: what is tried, such as the sender; it is noted.
  Answer ask(const std::string& group, const std::string& attempt);

  std::size_t known() const;
  std::size_t waiting() const;
  // Completes when all that was asked before is written.
  boost::asio::awaitable<base::Result<>> saved();

 private:
  struct Seen {
    base::WallTime first{};
    base::WallTime last{};
  };
  using Entries = base::RecentMap<std::string, Seen>;
  enum class Table { groups, attempts };
  struct Change {
    Table table = Table::groups;
    std::string key;
    auto operator<=>(const Change&) const = default;
  };
  using Changes = std::vector<std::pair<Change, std::optional<Seen>>>;  // nothing: it is gone

  Entries& entries_of(Table table) { return table == Table::groups ? groups_ : attempts_; }
  bool is_current(Table table, const Seen& seen, base::WallTime now) const;
  void put(Table table, const std::string& key, Seen seen);  // these under the lock
  void forget(Table table, const std::string& key);
  void change(Table table, const std::string& key);
  Changes everything();
  Changes changed();
  base::Result<> read();
  base::Result<> write(const Changes& changes, bool all);  // on the pool
  base::Result<> save();                                   // on the pool

  const std::string path_;
  boost::asio::any_io_executor pool_;
  const base::Clock& clock_;
  log::Logger& log_;
  mutable std::mutex mutex_;
  GreylistSettings settings_;
  const std::size_t most_;
  Entries groups_;
  Entries attempts_;
  std::set<Change> unsaved_;
  bool all_unsaved_ = false;
  bool saving_ = false;
  bool failing_ = false;  // said in the log
};

}  // namespace godwit::state
