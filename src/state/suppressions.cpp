// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/suppressions.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/base/text.hpp"
#include "sqlite_file.hpp"

namespace godwit::state {
namespace {

using std::chrono::seconds;

constexpr const char* table =
    "CREATE TABLE IF NOT EXISTS suppressions (address TEXT PRIMARY KEY, class TEXT NOT NULL, reason TEXT NOT NULL, "
    "source TEXT NOT NULL, added INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID";

std::int64_t to_seconds(base::WallTime time) {
  return std::chrono::floor<seconds>(time.time_since_epoch()).count();
}

std::string path_in(const Settings& settings) {
  return settings.directory + "/suppressions.sqlite";
}

base::Result<SqliteFile> open_file(const Settings& settings) {
  auto file = SqliteFile::open(path_in(settings));
  if (!file) return file;
  if (const auto made = file->run(table); !made) return std::unexpected(made.error());
  return file;
}

base::Result<> write(SqliteFile& file, const std::string& address, const Suppression* entry) {
  if (entry == nullptr) return file.run("DELETE FROM suppressions WHERE address = ?1", {address});
  return file.run(
      "INSERT OR REPLACE INTO suppressions VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      {address, entry->klass, entry->reason, entry->source, to_seconds(entry->added), to_seconds(entry->expires)});
}

}  // namespace

base::Result<> Suppressions::open() {
  auto file = open_file(settings_);
  if (!file) return std::unexpected(file.error());
  const std::lock_guard lock(mutex_);
  return file->run("SELECT * FROM suppressions WHERE expires > ?1", {to_seconds(clock_.wall())},
                   [this](sqlite3_stmt* row) {
                     auto address = text_at(row, 0);
                     entries_[address] = {.address = address,
                                          .klass = text_at(row, 1),
                                          .reason = text_at(row, 2),
                                          .source = text_at(row, 3),
                                          .added = time_at(row, 4),
                                          .expires = time_at(row, 5)};
                   });
}

std::optional<Suppression> Suppressions::find(std::string_view address) const {
  const auto key = base::to_lower(address);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.expires <= clock_.wall()) return {};
  return found->second;
}

std::vector<Suppression> Suppressions::list(std::size_t limit, std::string_view after) const {
  std::vector<Suppression> some;
  const std::lock_guard lock(mutex_);
  const auto now = clock_.wall();
  for (auto at = entries_.upper_bound(after); at != entries_.end() && some.size() < limit; ++at)
    if (at->second.expires > now) some.push_back(at->second);
  return some;
}

void Suppressions::forget_expired() {
  const auto now = clock_.wall();
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto entry = at++;
    if (entry->second.expires > now) continue;
    change(entry->first);
    entries_.erase(entry);
  }
}

base::Result<> Suppressions::add(Suppression suppression) {
  suppression.address = base::to_lower(suppression.address);
  suppression.reason = base::to_valid_utf8(base::printable(suppression.reason, longest_reason));
  if (suppression.added == base::WallTime{}) suppression.added = clock_.wall();
  if (suppression.expires == base::WallTime{}) suppression.expires = suppression.added + settings_.suppression.time;
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= settings_.suppression.entries && !entries_.contains(suppression.address)) forget_expired();
  if (entries_.size() >= settings_.suppression.entries && !entries_.contains(suppression.address))
    return base::fail(base::ErrorKind::exhausted, "the suppression list is full (suppression.entries)");
  change(suppression.address);
  entries_[suppression.address] = std::move(suppression);
  return {};
}

base::Result<> Suppressions::remove(std::string_view address) {
  const auto key = base::to_lower(address);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.expires <= clock_.wall())
    return base::fail(base::ErrorKind::not_found, std::string(address) + " is not suppressed");
  change(key);
  entries_.erase(found);
  return {};
}

// Many changes, as after a mass mailing, become one write.
void Suppressions::change(const std::string& address) {
  unsaved_.insert(address);
  if (std::exchange(saving_, true)) return;
  boost::asio::post(pool_, [this] {
    if (const auto saved = save(); !saved) log_.error("suppressions_not_saved", {{"reason", saved.error().message}});
  });
}

base::Result<> Suppressions::save() {
  Entries changed;
  std::set<std::string> addresses;
  {
    const std::lock_guard lock(mutex_);
    saving_ = false;
    addresses = std::exchange(unsaved_, {});
    for (const auto& address : addresses)
      if (const auto found = entries_.find(address); found != entries_.end()) changed.insert(*found);
  }
  if (addresses.empty()) return {};
  const auto write_all = [&]() -> base::Result<> {
    auto file = open_file(settings_);
    if (!file) return std::unexpected(file.error());
    auto done = file->run("BEGIN");
    for (auto at = addresses.begin(); done && at != addresses.end(); ++at) {
      const auto found = changed.find(*at);
      done = write(*file, *at, found == changed.end() ? nullptr : &found->second);
    }
    return done ? file->run("COMMIT") : done;
  };
  auto written = write_all();
  if (written) return written;
  // With the next change they are tried again.
  const std::lock_guard lock(mutex_);
  unsaved_.merge(addresses);
  return written;
}

boost::asio::awaitable<base::Result<>> Suppressions::saved() {
  auto saving = [](Suppressions& self) -> boost::asio::awaitable<base::Result<>> { co_return self.save(); };
  auto task = saving(*this);
  auto result = co_await boost::asio::co_spawn(pool_, std::move(task), boost::asio::use_awaitable);
  co_return result;
}

}  // namespace godwit::state
