// SPDX-License-Identifier: Apache-2.0
// Names with two times each, in some tables: kept in memory, so that asking never waits, and written behind to a file
// of SQLite, so that a restart forgets nothing; a crash may lose the last seconds.  Bounded: each table for itself, so
// that a flood in one forgets nothing of another; what was touched longest ago makes room.  A file that is damaged is
// set aside and begun anew; without a disk all works from memory.  Thread-safe, under the lock that the caller takes.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/recent_map.hpp"
#include "godwit/base/result.hpp"
#include "godwit/log/logger.hpp"

namespace godwit::state {

class KeptMap {
 public:
  struct Place {
    std::string path;          // of the file
    std::string table;         // of SQL in it
    std::size_t tables = 1;    // of ours; their numbers begin with 0
    std::size_t most = 0;      // entries of each
    std::string_view rebuilt;  // the event that says so
    std::string_view not_saved;
  };
  struct Times {
    base::WallTime first{};
    base::WallTime last{};
  };
  using Entries = base::RecentMap<std::string, Times>;
  using IsCurrent = std::function<bool(std::size_t table, const Times& times)>;

  // `pool` may block, and runs one thing after the other.  The others outlive this and what it has started there.
  KeptMap(Place place, boost::asio::any_io_executor pool, log::Logger& log);

  // Reads what is kept; blocks.  Nothing that is wrong with the file is an error: it is logged.
  void open(const IsCurrent& is_current);

  // To be held over each of those below.
  [[nodiscard]] std::unique_lock<std::mutex> lock() const { return std::unique_lock(mutex_); }
  const Times* find(std::size_t table, const std::string& key) { return tables_[table].find(key); }
  void touch(std::size_t table, const std::string& key) { tables_[table].touch(key); }  // Requires: it is there.
  void put(std::size_t table, const std::string& key, Times times);
  void forget(std::size_t table, const std::string& key);
  std::size_t size(std::size_t table) const { return tables_[table].values().size(); }

  // Completes when all that was changed before is written.
  boost::asio::awaitable<base::Result<>> saved();

 private:
  struct Change {
    std::size_t table = 0;
    std::string key;
    auto operator<=>(const Change&) const = default;
  };
  using Changes = std::vector<std::pair<Change, std::optional<Times>>>;  // nothing: it is gone

  void clear();  // these under the lock
  void note(Change change);
  void change(std::size_t table, const std::string& key);
  Changes everything();
  Changes changed();
  base::Result<> read(const IsCurrent& is_current);
  base::Result<> write(const Changes& changes, bool all);  // on the pool
  base::Result<> save();                                   // on the pool

  const Place place_;
  boost::asio::any_io_executor pool_;
  log::Logger& log_;
  mutable std::mutex mutex_;
  std::vector<Entries> tables_;
  std::set<Change> unsaved_;
  bool all_unsaved_ = false;
  bool saving_ = false;
  bool failing_ = false;  // said in the log
};

}  // namespace godwit::state
