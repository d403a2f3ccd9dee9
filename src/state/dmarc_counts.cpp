// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/dmarc_counts.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "godwit/base/kept_time.hpp"
#include "godwit/state/on_pool.hpp"
#include "sqlite_file.hpp"

namespace godwit::state {
namespace {

using std::chrono::seconds;
using Day = DmarcCounts::Day;

// report: of which these rows are; 0: not closed yet.
constexpr const char* dmarc_counts_table =
    "CREATE TABLE IF NOT EXISTS counts (report INTEGER NOT NULL, day INTEGER NOT NULL, domain TEXT NOT NULL, policy "
    "TEXT "
    "NOT NULL, source TEXT NOT NULL, rest TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (report, day, domain, "
    "policy, source, rest)) WITHOUT ROWID";
constexpr const char* dmarc_reports_table =
    "CREATE TABLE IF NOT EXISTS reports (number INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL, domain TEXT "
    "NOT "
    "NULL, policy TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, finished INTEGER NOT NULL)";
constexpr const char* dmarc_claims_table =
    "CREATE TABLE IF NOT EXISTS claims (report INTEGER NOT NULL, address TEXT NOT NULL, PRIMARY KEY (report, address)) "
    "WITHOUT ROWID";

std::int64_t number_of(Day day) {
  return day.time_since_epoch().count();
}
Day day_at(sqlite3_stmt* row, int column) {
  return Day(std::chrono::days(
      std::clamp(sqlite3_column_int64(row, column), sqlite3_int64{0}, sqlite3_int64{base::latest_kept_day})));
}
std::int64_t second_of(base::WallTime time) {
  return std::chrono::floor<seconds>(time.time_since_epoch()).count();
}

base::Result<> make_tables(SqliteFile& file) {
  base::Result<> done;
  for (const auto* table : {dmarc_counts_table, dmarc_reports_table, dmarc_claims_table})
    if (done) done = file.run(table);
  return done;
}

}  // namespace

base::Result<SqliteFile> DmarcCounts::open() {
  auto file = SqliteFile::open(path_);
  auto made = file ? make_tables(*file) : base::Result<>(std::unexpected(file.error()));
  if (made && !sizes_known_) made = read_sizes(*file);
  if (made) {
    sizes_known_ = true;
    return file;
  }
  if (made.error().kind != base::ErrorKind::corrupt) return std::unexpected(made.error());
  const auto aside = path_ + ".damaged";
  log_.warn("dmarc_counts_rebuilt", {{"reason", made.error().message}, {"kept_as", aside}});
  file = base::fail(base::ErrorKind::closed, {});
  if (std::rename(path_.c_str(), aside.c_str()) != 0) return std::unexpected(made.error());
  sizes_.clear();
  rows_ = 0;
  sizes_known_ = true;
  file = SqliteFile::open(path_);
  if (file) made = make_tables(*file);
  if (!made) return std::unexpected(made.error());
  return file;
}

base::Result<> DmarcCounts::read_sizes(SqliteFile& file) {
  sizes_.clear();
  rows_ = 0;
  return file.run("SELECT report, day, domain, COUNT(*) FROM counts GROUP BY report, day, domain", {},
                  [this](sqlite3_stmt* row) {
                    const auto rows = static_cast<std::size_t>(sqlite3_column_int64(row, 3));
                    rows_ += rows;
                    if (sqlite3_column_int64(row, 0) == 0) sizes_[{day_at(row, 1), text_at(row, 2)}] = rows;
                  });
}

// ---- counting

void DmarcCounts::count(Row row) {
  const auto size = row.domain.size() + row.policy.size() + row.source.size() + row.rest.size();
  DayRow key{today(), std::move(row)};
  const std::lock_guard lock(mutex_);
  const auto known = unsaved_.find(key);
  if (known != unsaved_.end())
    ++known->second;
  else if (unsaved_.size() < most_unsaved && size <= longest_row)
    unsaved_.emplace(std::move(key), 1);
  else
    leave_out(1);
}

bool DmarcCounts::changed() const {
  const std::lock_guard lock(mutex_);
  return !unsaved_.empty();
}

// Under the lock.
void DmarcCounts::leave_out(std::uint64_t messages) {
  left_out_ += messages;
  if (std::exchange(full_since_, today()) != today()) log_.warn("dmarc_counts_full", {{"rows", most_rows}});
}

void DmarcCounts::tell_left_out() {
  const std::lock_guard lock(mutex_);
  if (const auto count = std::exchange(left_out_, 0); count > 0) log_.warn("dmarc_counts_left_out", {{"count", count}});
}

base::Result<> DmarcCounts::add(SqliteFile& file, const DayRow& row, std::uint64_t count, std::uint64_t& left_out) {
  const auto& [day, what] = row;
  bool known = false;
  auto done = file.run(
      "UPDATE counts SET count = count + ?6 WHERE report = 0 AND day = ?1 AND domain = ?2 AND policy = ?3 AND source = "
      "?4 AND rest = ?5 RETURNING 1",
      {number_of(day), what.domain, what.policy, what.source, what.rest, static_cast<std::int64_t>(count)},
      [&](sqlite3_stmt*) { known = true; });
  if (!done || known) return done;
  auto& size = sizes_[{day, what.domain}];
  if (rows_ >= most_rows || size >= most_rows_of_domain) {
    left_out += count;
    return {};
  }
  done = file.run("INSERT INTO counts VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6)",
                  {number_of(day), what.domain, what.policy, what.source, what.rest, static_cast<std::int64_t>(count)});
  if (done) ++size, ++rows_;
  return done;
}

base::Result<> DmarcCounts::write(SqliteFile& file, const std::map<DayRow, std::uint64_t>& some,
                                  std::uint64_t& left_out) {
  auto done = file.run("BEGIN");
  for (auto at = some.begin(); done && at != some.end(); ++at) done = add(file, at->first, at->second, left_out);
  return done ? file.run("COMMIT") : done;
}

base::Result<> DmarcCounts::save() {
  std::map<DayRow, std::uint64_t> some;
  {
    const std::lock_guard lock(mutex_);
    some.swap(unsaved_);
  }
  if (some.empty()) return {};
  auto file = open();
  std::uint64_t left_out = 0;
  auto written = file ? write(*file, some, left_out) : base::Result<>(std::unexpected(file.error()));
  const std::lock_guard lock(mutex_);
  if (!written) {
    sizes_known_ = false;  // of a transaction that was undone
    left_out = 0;
    for (const auto& [row, count] : some)
      if (unsaved_.contains(row) || unsaved_.size() < most_unsaved)
        unsaved_[row] += count;
      else
        left_out += count;
  }
  if (left_out > 0) leave_out(left_out);
  return written;
}

boost::asio::awaitable<base::Result<>> DmarcCounts::saved() {
  return on_pool<base::Result<>>(pool_, [this] { return save(); });
}

// ---- reports

base::Result<std::vector<DmarcCounts::Report>> DmarcCounts::reports(SqliteFile& file) {
  std::vector<Report> found;
  auto done =
      file.run("SELECT number, day, domain, policy, first, last FROM reports WHERE finished = 0 ORDER BY number", {},
               [&](sqlite3_stmt* row) {
                 found.push_back({.number = sqlite3_column_int64(row, 0),
                                  .day = day_at(row, 1),
                                  .domain = text_at(row, 2),
                                  .policy = text_at(row, 3),
                                  .begin = time_at(row, 4),
                                  .end = time_at(row, 5)});
               });
  if (!done) return std::unexpected(done.error());
  for (auto& report : found) report.end = std::max(report.begin, report.end);  // twice within one second
  return found;
}

// A day is over at its end, or now; what was reported of it before is not so again.
base::Result<std::vector<DmarcCounts::Report>> DmarcCounts::close_here(Day before) {
  if (auto kept = save(); !kept) return std::unexpected(kept.error());
  tell_left_out();
  if (!std::filesystem::exists(path_)) return std::vector<Report>();  // made when there is something to keep
  auto file = open();
  if (!file) return std::unexpected(file.error());
  const auto now = second_of(clock_.wall());
  constexpr std::int64_t day_length = 24 * 60 * 60;
  auto done = file->run("BEGIN");
  if (done)
    done = file->run(
        "INSERT INTO reports (day, domain, policy, first, last, finished) SELECT c.day, c.domain, c.policy, "
        "MAX(c.day * ?2, IFNULL((SELECT MAX(r.last) + 1 FROM reports r WHERE r.day = c.day AND r.domain = c.domain AND "
        "r.policy = c.policy), 0)), MIN(c.day * ?2 + ?2 - 1, ?3), 0 FROM (SELECT DISTINCT day, domain, policy FROM "
        "counts "
        "WHERE report = 0 AND day < ?1) c ORDER BY c.day, c.domain, c.policy",
        {number_of(before), day_length, now});
  if (done)
    done = file->run(
        "UPDATE counts SET report = (SELECT MAX(r.number) FROM reports r WHERE r.finished = 0 AND r.day = counts.day "
        "AND "
        "r.domain = counts.domain AND r.policy = counts.policy) WHERE report = 0 AND day < ?1",
        {number_of(before)});
  if (done) done = file->run("COMMIT");
  if (!done) return std::unexpected(done.error());
  std::erase_if(sizes_, [&](const auto& one) { return one.first.first < before; });
  return reports(*file);
}

boost::asio::awaitable<base::Result<std::vector<DmarcCounts::Report>>> DmarcCounts::close(Day before) {
  return on_pool<base::Result<std::vector<Report>>>(pool_, [this, before] { return close_here(before); });
}

boost::asio::awaitable<base::Result<std::vector<DmarcCounts::Counted>>> DmarcCounts::rows(std::int64_t report) {
  auto read = [this, report]() -> base::Result<std::vector<Counted>> {
    std::vector<Counted> found;
    auto file = open();
    if (!file) return std::unexpected(file.error());
    auto done = file->run("SELECT source, rest, count FROM counts WHERE report = ?1", {report}, [&](sqlite3_stmt* row) {
      found.push_back({.source = text_at(row, 0),
                       .rest = text_at(row, 1),
                       .count = static_cast<std::uint64_t>(sqlite3_column_int64(row, 2))});
    });
    if (!done) return std::unexpected(done.error());
    return found;
  };
  return on_pool<base::Result<std::vector<Counted>>>(pool_, std::move(read));
}

boost::asio::awaitable<base::Result<bool>> DmarcCounts::claim(std::int64_t report, std::string address) {
  auto take = [this, report, address = std::move(address)]() -> base::Result<bool> {
    auto file = open();
    if (!file) return std::unexpected(file.error());
    bool is_new = false;
    auto done = file->run("INSERT OR IGNORE INTO claims VALUES (?1, ?2) RETURNING 1", {report, address},
                          [&](sqlite3_stmt*) { is_new = true; });
    if (!done) return std::unexpected(done.error());
    return is_new;
  };
  return on_pool<base::Result<bool>>(pool_, std::move(take));
}

boost::asio::awaitable<base::Result<>> DmarcCounts::unclaim(std::int64_t report, std::string address) {
  auto give_back = [this, report, address = std::move(address)]() -> base::Result<> {
    auto file = open();
    if (!file) return std::unexpected(file.error());
    return file->run("DELETE FROM claims WHERE report = ?1 AND address = ?2", {report, address});
  };
  return on_pool<base::Result<>>(pool_, std::move(give_back));
}

boost::asio::awaitable<base::Result<>> DmarcCounts::finish(std::int64_t report) {
  auto end = [this, report]() -> base::Result<> {
    auto file = open();
    if (!file) return std::unexpected(file.error());
    auto done = file->run("BEGIN");
    if (done) done = file->run("UPDATE reports SET finished = 1 WHERE number = ?1", {report});
    if (done) done = file->run("DELETE FROM counts WHERE report = ?1", {report});
    if (done) done = file->run("COMMIT");
    sizes_known_ = false;
    return done;
  };
  return on_pool<base::Result<>>(pool_, std::move(end));
}

boost::asio::awaitable<base::Result<>> DmarcCounts::forget_before(Day day) {
  auto forget = [this, day]() -> base::Result<> {
    if (!std::filesystem::exists(path_)) return {};
    auto file = open();
    if (!file) return std::unexpected(file.error());
    const auto old = number_of(today() - claims_kept);
    auto done = file->run("BEGIN");
    if (done) done = file->run("DELETE FROM counts WHERE day < ?1", {number_of(day)});
    if (done) done = file->run("UPDATE reports SET finished = 1 WHERE day < ?1", {number_of(day)});
    if (done) done = file->run("DELETE FROM claims WHERE report IN (SELECT number FROM reports WHERE day < ?1)", {old});
    if (done) done = file->run("DELETE FROM reports WHERE finished = 1 AND day < ?1", {old});
    if (done) done = file->run("COMMIT");
    sizes_known_ = false;
    return done;
  };
  return on_pool<base::Result<>>(pool_, std::move(forget));
}

boost::asio::awaitable<base::Result<std::vector<DmarcCounts::Waiting>>> DmarcCounts::waiting(std::size_t most,
                                                                                             Day after_day,
                                                                                             std::string after_domain) {
  auto read = [this, most, after_day, domain = std::move(after_domain)]() -> base::Result<std::vector<Waiting>> {
    if (auto kept = save(); !kept) return std::unexpected(kept.error());
    std::vector<Waiting> found;
    if (!std::filesystem::exists(path_)) return found;
    auto file = open();
    if (!file) return std::unexpected(file.error());
    auto done = file->run(
        "SELECT day, domain, COUNT(*), SUM(count) FROM counts WHERE (day, domain) > (?2, ?3) GROUP BY day, domain "
        "ORDER BY day, domain LIMIT ?1",
        {static_cast<std::int64_t>(most), number_of(after_day), domain}, [&](sqlite3_stmt* row) {
          found.push_back({.day = day_at(row, 0),
                           .domain = text_at(row, 1),
                           .rows = static_cast<std::uint64_t>(sqlite3_column_int64(row, 2)),
                           .messages = static_cast<std::uint64_t>(sqlite3_column_int64(row, 3))});
        });
    if (!done) return std::unexpected(done.error());
    return found;
  };
  return on_pool<base::Result<std::vector<Waiting>>>(pool_, std::move(read));
}

}  // namespace godwit::state
