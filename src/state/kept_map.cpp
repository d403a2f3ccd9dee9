// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/kept_map.hpp"

#include <cstdio>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sqlite_file.hpp"

namespace godwit::state {
namespace {

std::int64_t whole_seconds(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string creation(const std::string& table) {
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (kind INTEGER NOT NULL, key TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER "
      "NOT "
      "NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID",
      table);
}

}  // namespace

KeptMap::KeptMap(Place place, boost::asio::any_io_executor pool, log::Logger& log)
    : place_(std::move(place)), pool_(std::move(pool)), log_(log) {
  clear();
}

void KeptMap::clear() {
  tables_.assign(place_.tables, Entries(place_.most));
}

void KeptMap::open(const IsCurrent& is_current) {
  if (!std::filesystem::exists(place_.path)) return;  // made when there is something to keep
  const auto held = lock();
  const auto done = read(is_current);
  if (done) return;
  const auto aside = place_.path + ".damaged";
  log_.warn(place_.rebuilt, {{"reason", done.error().message}, {"kept_as", aside}});
  clear();
  std::rename(place_.path.c_str(), aside.c_str());  // where that fails, it is said when nothing can be written
}

// The oldest first, so that they are the first to make room.
base::Result<> KeptMap::read(const IsCurrent& is_current) {
  auto file = SqliteFile::open(place_.path);
  if (!file) return std::unexpected(file.error());
  if (auto made = file->run(creation(place_.table)); !made) return made;
  const auto query = fmt::format("SELECT kind, key, first, last FROM {} ORDER BY last", place_.table);
  return file->run(query, {}, [&](sqlite3_stmt* row) {
    const auto table = static_cast<std::size_t>(sqlite3_column_int64(row, 0));
    auto key = text_at(row, 1);
    const Times times{.first = time_at(row, 2), .last = time_at(row, 3)};
    if (table < tables_.size() && is_current(table, times))
      tables_[table].touch(key) = times;
    else
      note({table, std::move(key)});  // goes with the next that is written
  });
}

void KeptMap::put(std::size_t table, const std::string& key, Times times) {
  auto& entries = tables_[table];
  if (entries.find(key) == nullptr && entries.values().size() >= place_.most) {
    const auto oldest = entries.values().back().first;
    forget(table, oldest);
  }
  entries.touch(key) = times;
  change(table, key);
}

void KeptMap::forget(std::size_t table, const std::string& key) {
  if (tables_[table].find(key) == nullptr) return;
  tables_[table].erase(key);
  change(table, key);
}

// What has changed beyond all that can be there is written as a whole.
void KeptMap::note(Change change) {
  if (unsaved_.size() > place_.most) {
    all_unsaved_ = true;
    unsaved_.clear();
  }
  if (!all_unsaved_) unsaved_.insert(std::move(change));
}

// Many changes become one write.
void KeptMap::change(std::size_t table, const std::string& key) {
  note({table, key});
  if (std::exchange(saving_, true)) return;
  boost::asio::post(pool_, [this] { static_cast<void>(save()); });
}

KeptMap::Changes KeptMap::everything() {
  Changes all;
  for (std::size_t table = 0; table < tables_.size(); ++table)
    for (const auto& [key, times] : tables_[table].values()) all.emplace_back(Change{table, key}, times);
  return all;
}

KeptMap::Changes KeptMap::changed() {
  Changes some;
  for (const auto& change : unsaved_) {
    const auto* times = change.table < tables_.size() ? tables_[change.table].find(change.key) : nullptr;
    some.emplace_back(change, times == nullptr ? std::nullopt : std::optional(*times));
  }
  return some;
}

base::Result<> KeptMap::write(const Changes& changes, bool all) {
  auto file = SqliteFile::open(place_.path);
  if (!file) return std::unexpected(file.error());
  auto done = file->run("PRAGMA synchronous = OFF");  // it may be lost
  if (done) done = file->run(creation(place_.table));
  if (done) done = file->run("BEGIN");
  if (done && all) done = file->run("DELETE FROM " + place_.table);
  const auto insert = fmt::format("INSERT OR REPLACE INTO {} VALUES (?1, ?2, ?3, ?4)", place_.table);
  const auto remove = fmt::format("DELETE FROM {} WHERE kind = ?1 AND key = ?2", place_.table);
  for (auto at = changes.begin(); done && at != changes.end(); ++at) {
    const auto& [change, times] = *at;
    const auto kind = static_cast<std::int64_t>(change.table);
    done = times ? file->run(insert, {kind, change.key, whole_seconds(times->first), whole_seconds(times->last)})
                 : file->run(remove, {kind, change.key});
  }
  return done ? file->run("COMMIT") : done;
}

base::Result<> KeptMap::save() {
  Changes changes;
  bool all = false;
  {
    const auto held = lock();
    saving_ = false;
    all = std::exchange(all_unsaved_, false);
    changes = all ? everything() : changed();
    unsaved_.clear();
  }
  if (changes.empty() && !all) return {};
  auto written = write(changes, all);
  const auto held = lock();
  if (!written) all_unsaved_ = true;  // with the next change it is tried again
  if (!written && !std::exchange(failing_, true)) log_.error(place_.not_saved, {{"reason", written.error().message}});
  if (written) failing_ = false;
  return written;
}

boost::asio::awaitable<base::Result<>> KeptMap::saved() {
  auto saving = [](KeptMap& self) -> boost::asio::awaitable<base::Result<>> { co_return self.save(); };
  auto task = saving(*this);
  auto result = co_await boost::asio::co_spawn(pool_, std::move(task), boost::asio::use_awaitable);
  co_return result;
}

}  // namespace godwit::state
