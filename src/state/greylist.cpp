// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/greylist.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sqlite_file.hpp"

namespace godwit::state {
namespace {

using std::chrono::seconds;

constexpr const char* greylist_table =
    "CREATE TABLE IF NOT EXISTS greylist (kind INTEGER NOT NULL, key TEXT NOT NULL, first INTEGER NOT NULL, last "
    "INTEGER "
    "NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID";

// So often the file learns that a group was seen again.
constexpr base::Duration noted_again = std::chrono::hours(1);
constexpr std::size_t longest_key = 600;  // a network and an address

std::int64_t seconds_of(base::WallTime time) {
  return std::chrono::floor<seconds>(time.time_since_epoch()).count();
}

std::string bounded(const std::string& key) {
  return key.substr(0, longest_key);
}

}  // namespace

Greylist::Greylist(const Settings& settings, boost::asio::any_io_executor pool, const base::Clock& clock,
                   log::Logger& log)
    : path_(settings.directory + "/greylist.sqlite"),
      pool_(std::move(pool)),
      clock_(clock),
      log_(log),
      settings_(settings.greylist),
      most_(settings.greylist.entries),
      groups_(most_),
      attempts_(most_) {}

void Greylist::open() {
  if (!std::filesystem::exists(path_)) return;  // made when there is something to keep
  const std::lock_guard lock(mutex_);
  const auto done = read();
  if (done) return;
  const auto aside = path_ + ".damaged";
  log_.warn("greylist_rebuilt", {{"reason", done.error().message}, {"kept_as", aside}});
  groups_ = Entries(most_);
  attempts_ = Entries(most_);
  std::rename(path_.c_str(), aside.c_str());  // where that fails, it is said when nothing can be written
}

// The oldest first, so that they are the first to make room.
base::Result<> Greylist::read() {
  auto file = SqliteFile::open(path_);
  if (!file) return std::unexpected(file.error());
  if (auto made = file->run(greylist_table); !made) return made;
  const auto now = clock_.wall();
  return file->run("SELECT kind, key, first, last FROM greylist ORDER BY last", {}, [&](sqlite3_stmt* row) {
    const auto table = sqlite3_column_int64(row, 0) == 0 ? Table::groups : Table::attempts;
    const auto key = text_at(row, 1);
    const Seen seen{.first = base::WallTime(seconds(sqlite3_column_int64(row, 2))),
                    .last = base::WallTime(seconds(sqlite3_column_int64(row, 3)))};
    if (is_current(table, seen, now))
      entries_of(table).touch(key) = seen;
    else
      unsaved_.insert({table, key});  // goes with the next that is written
  });
}

void Greylist::change_settings(const GreylistSettings& settings) {
  const std::lock_guard lock(mutex_);
  settings_ = settings;
}

bool Greylist::is_current(Table table, const Seen& seen, base::WallTime now) const {
  // A clock that was set back makes what it did in the future worthless.
  if (seen.first > now + noted_again) return false;
  return table == Table::groups ? now - seen.last < settings_.keep : now - seen.first < settings_.window;
}

Greylist::Answer Greylist::ask(const std::string& group, const std::string& attempt) {
  const auto now = clock_.wall();
  const auto group_key = bounded(group);
  const auto attempt_key = bounded(group + " " + attempt);
  const std::lock_guard lock(mutex_);
  if (const auto* known = groups_.find(group_key); known != nullptr && is_current(Table::groups, *known, now)) {
    if (now - known->last >= noted_again)
      put(Table::groups, group_key, {.first = known->first, .last = now});
    else
      groups_.touch(group_key);
    return {.kind = Answer::Kind::known, .time = {}};
  }
  const auto* tried = attempts_.find(attempt_key);
  if (tried == nullptr || !is_current(Table::attempts, *tried, now)) {
    put(Table::attempts, attempt_key, {.first = now, .last = now});
    return {.kind = Answer::Kind::early, .time = settings_.delay};
  }
  const auto since = now - tried->first;
  if (since < settings_.delay) return {.kind = Answer::Kind::early, .time = settings_.delay - since};
  forget(Table::attempts, attempt_key);
  put(Table::groups, group_key, {.first = now, .last = now});
  return {.kind = Answer::Kind::now_known, .time = since};
}

void Greylist::put(Table table, const std::string& key, Seen seen) {
  auto& entries = entries_of(table);
  if (entries.find(key) == nullptr && entries.values().size() >= most_) {
    const auto oldest = entries.values().back().first;
    forget(table, oldest);
  }
  entries.touch(key) = seen;
  change(table, key);
}

void Greylist::forget(Table table, const std::string& key) {
  entries_of(table).erase(key);
  change(table, key);
}

// Many changes become one write; what has changed beyond all that can be there is written as a whole.
void Greylist::change(Table table, const std::string& key) {
  if (unsaved_.size() > most_) {
    all_unsaved_ = true;
    unsaved_.clear();
  }
  if (!all_unsaved_) unsaved_.insert({table, key});
  if (std::exchange(saving_, true)) return;
  boost::asio::post(pool_, [this] { static_cast<void>(save()); });
}

Greylist::Changes Greylist::everything() {
  Changes all;
  for (const auto table : {Table::groups, Table::attempts})
    for (const auto& [key, seen] : entries_of(table).values()) all.emplace_back(Change{table, key}, seen);
  return all;
}

Greylist::Changes Greylist::changed() {
  Changes some;
  for (const auto& change : unsaved_) {
    const auto* seen = entries_of(change.table).find(change.key);
    some.emplace_back(change, seen == nullptr ? std::nullopt : std::optional(*seen));
  }
  return some;
}

base::Result<> Greylist::write(const Changes& changes, bool all) {
  auto file = SqliteFile::open(path_);
  if (!file) return std::unexpected(file.error());
  auto done = file->run("PRAGMA synchronous = OFF");  // it may be lost
  if (done) done = file->run(greylist_table);
  if (done) done = file->run("BEGIN");
  if (done && all) done = file->run("DELETE FROM greylist");
  for (auto at = changes.begin(); done && at != changes.end(); ++at) {
    const auto& [change, seen] = *at;
    const std::int64_t kind = change.table == Table::groups ? 0 : 1;
    done = seen ? file->run("INSERT OR REPLACE INTO greylist VALUES (?1, ?2, ?3, ?4)",
                            {kind, change.key, seconds_of(seen->first), seconds_of(seen->last)})
                : file->run("DELETE FROM greylist WHERE kind = ?1 AND key = ?2", {kind, change.key});
  }
  return done ? file->run("COMMIT") : done;
}

base::Result<> Greylist::save() {
  Changes changes;
  bool all = false;
  {
    const std::lock_guard lock(mutex_);
    saving_ = false;
    all = std::exchange(all_unsaved_, false);
    changes = all ? everything() : changed();
    unsaved_.clear();
  }
  if (changes.empty() && !all) return {};
  auto written = write(changes, all);
  const std::lock_guard lock(mutex_);
  if (!written) all_unsaved_ = true;  // with the next change it is tried again
  if (!written && !std::exchange(failing_, true))
    log_.error("greylist_not_saved", {{"reason", written.error().message}});
  if (written) failing_ = false;
  return written;
}

std::size_t Greylist::known() const {
  const std::lock_guard lock(mutex_);
  return groups_.values().size();
}

std::size_t Greylist::waiting() const {
  const std::lock_guard lock(mutex_);
  return attempts_.values().size();
}

boost::asio::awaitable<base::Result<>> Greylist::saved() {
  auto saving = [](Greylist& self) -> boost::asio::awaitable<base::Result<>> { co_return self.save(); };
  auto task = saving(*this);
  auto result = co_await boost::asio::co_spawn(pool_, std::move(task), boost::asio::use_awaitable);
  co_return result;
}

}  // namespace godwit::state
