// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/dmarc_sums.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "godwit/state/on_pool.hpp"
#include "sqlite_file.hpp"

namespace godwit::state {
namespace {

using std::chrono::days;

constexpr const char* dmarc_received_table =
    "CREATE TABLE IF NOT EXISTS reports (domain TEXT NOT NULL, organization TEXT NOT NULL, id TEXT NOT NULL, day "
    "INTEGER "
    "NOT NULL, PRIMARY KEY (domain, organization, id)) WITHOUT ROWID";
constexpr const char* dmarc_sums_table =
    "CREATE TABLE IF NOT EXISTS sums (day INTEGER NOT NULL, domain TEXT NOT NULL, organization TEXT NOT NULL, source "
    "TEXT NOT NULL, header_from TEXT NOT NULL, disposition TEXT NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, "
    "count INTEGER NOT NULL, PRIMARY KEY (day, domain, organization, source, header_from, disposition, dkim, spf)) "
    "WITHOUT ROWID";
constexpr const char* dmarc_sum_columns =
    "SUM(count), SUM(count * (dkim OR spf)), SUM(count * dkim), SUM(count * spf), SUM(count * (disposition = "
    "'quarantine')), SUM(count * (disposition = 'reject'))";

std::int64_t day_number(base::WallTime time) {
  return std::chrono::floor<days>(time.time_since_epoch()).count();
}

base::Result<> make_sums_tables(SqliteFile& file) {
  auto done = file.run(dmarc_received_table);
  return done ? file.run(dmarc_sums_table) : done;
}

// From this column on, dmarc_sum_columns.
DmarcSums::Counts counts_at(sqlite3_stmt* row, int column) {
  const auto at = [&](int offset) { return static_cast<std::uint64_t>(sqlite3_column_int64(row, column + offset)); };
  return {.messages = at(0), .passed = at(1), .dkim = at(2), .spf = at(3), .quarantined = at(4), .rejected = at(5)};
}

}  // namespace

base::Result<SqliteFile> DmarcSums::open() {
  auto file = SqliteFile::open(path_);
  auto made = file ? make_sums_tables(*file) : base::Result<>(std::unexpected(file.error()));
  if (made) return file;
  if (made.error().kind != base::ErrorKind::corrupt) return std::unexpected(made.error());
  const auto aside = path_ + ".damaged";
  log_.warn("dmarc_sums_rebuilt", {{"reason", made.error().message}, {"kept_as", aside}});
  file = base::fail(base::ErrorKind::closed, {});
  if (std::rename(path_.c_str(), aside.c_str()) != 0) return std::unexpected(made.error());
  file = SqliteFile::open(path_);
  if (file) made = make_sums_tables(*file);
  if (!made) return std::unexpected(made.error());
  return file;
}

struct DmarcSums::Bound {
  std::string table;
  std::size_t most = 0;
  std::size_t added = 0;
  bool of_all = false;  // else of the report's organization and domain
};

// Whole days go, the oldest first, so that who writes much takes the place of what is old, and never of what is new.
base::Result<> DmarcSums::make_room(SqliteFile& file, const Report& report, const Bound& bound, Dropped& dropped) {
  const std::string meant = " WHERE (?3 OR (domain = ?1 AND organization = ?2))";
  const std::int64_t of_all = bound.of_all ? 1 : 0;
  std::vector<std::pair<std::int64_t, std::size_t>> rows_of_day;
  std::size_t rows = bound.added;
  auto done = file.run("SELECT day, COUNT(*) FROM " + bound.table + meant + " GROUP BY day ORDER BY day",
                       {report.domain, report.organization, of_all}, [&](sqlite3_stmt* row) {
                         rows_of_day.emplace_back(sqlite3_column_int64(row, 0),
                                                  static_cast<std::size_t>(sqlite3_column_int64(row, 1)));
                         rows += rows_of_day.back().second;
                       });
  if (rows <= bound.most) return done;
  std::int64_t last = 0;
  for (auto day = rows_of_day.begin(); rows > bound.most && day != rows_of_day.end(); ++day) {
    last = day->first;
    rows -= day->second;
  }
  const auto drop = [&](const std::string& table, std::uint64_t& count) {
    if (done)
      done = file.run("DELETE FROM " + table + meant + " AND day <= ?4 RETURNING 1",
                      {report.domain, report.organization, of_all, last}, [&](sqlite3_stmt*) { ++count; });
  };
  drop("sums", dropped.rows);
  drop("reports", dropped.reports);
  return done;
}

// Who floods us is not told of each time.
void DmarcSums::tell(const Report& report, const Dropped& dropped) {
  untold_.reports += dropped.reports;
  untold_.rows += dropped.rows;
  const auto today = day_number(clock_.wall());
  if (dropped.reports == 0 || told_ == today) return;
  told_ = today;
  log_.warn("dmarc_sums_dropped", {{"domain", report.domain},
                                   {"reporter", report.organization},
                                   {"reports", untold_.reports},
                                   {"rows", untold_.rows}});
  untold_ = {};
}

base::Result<> DmarcSums::write(SqliteFile& file, const Report& report) {
  const auto day = day_number(report.begin);
  auto done =
      file.run("INSERT INTO reports VALUES (?1, ?2, ?3, ?4)", {report.domain, report.organization, report.id, day});
  for (auto row = report.rows.begin(); done && row != report.rows.end(); ++row)
    done = file.run(
        "INSERT INTO sums VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET count = count + "
        "excluded.count",
        {day, report.domain, report.organization, row->source, row->header_from, row->disposition,
         std::int64_t{row->dkim}, std::int64_t{row->spf}, static_cast<std::int64_t>(row->count)});
  return done;
}

base::Result<DmarcSums::Taken> DmarcSums::add_here(const Report& report) {
  const auto oldest = day_number(clock_.wall() - keep);
  const auto day = day_number(report.begin);
  if (day < oldest || day > day_number(clock_.wall() + days(1))) return Taken::not_of_now;
  if (report.rows.size() > most_rows_of_one) return Taken::too_large;
  auto file = open();
  if (!file) return std::unexpected(file.error());
  auto done = file->run("BEGIN");
  for (const auto* table : {"sums", "reports"})
    if (done) done = file->run(std::string("DELETE FROM ") + table + " WHERE day < ?1", {oldest});
  bool known = false;
  if (done)
    done = file->run("SELECT 1 FROM reports WHERE domain = ?1 AND organization = ?2 AND id = ?3",
                     {report.domain, report.organization, report.id}, [&](sqlite3_stmt*) { known = true; });
  if (!done) return std::unexpected(done.error());
  if (known) return Taken::known;
  Dropped dropped;
  for (const auto& bound :
       {Bound{"reports", most_reports_of_one, 1, false}, Bound{"reports", most_reports, 1, true},
        Bound{"sums", most_rows_of_one, report.rows.size(), false}, Bound{"sums", most_rows, report.rows.size(), true}})
    if (done) done = make_room(*file, report, bound, dropped);
  if (done) done = write(*file, report);
  if (done) done = file->run("COMMIT");
  if (!done) return std::unexpected(done.error());
  tell(report, dropped);
  return Taken::yes;
}

boost::asio::awaitable<base::Result<DmarcSums::Taken>> DmarcSums::add(Report report) {
  return on_pool<base::Result<Taken>>(pool_, [this, report = std::move(report)] { return add_here(report); });
}

base::Result<std::vector<DmarcSums::Domain>> DmarcSums::summary_here(const std::string& domain, base::WallTime since) {
  if (!std::filesystem::exists(path_)) return std::vector<Domain>();
  auto file = open();
  if (!file) return std::unexpected(file.error());
  const auto first = day_number(since);
  const std::string of = domain.empty() ? " WHERE day >= ?1 AND ?2 = ''" : " WHERE day >= ?1 AND domain = ?2";
  std::vector<Domain> found;
  auto done = file->run(
      std::string("SELECT domain, ") + dmarc_sum_columns + " FROM sums" + of +
          " GROUP BY domain ORDER BY domain LIMIT " + std::to_string(most_domains),
      {first, domain}, [&](sqlite3_stmt* row) {
        found.push_back(
            {.name = text_at(row, 0), .reports = 0, .organizations = {}, .counts = counts_at(row, 1), .sources = {}});
      });
  const auto find = [&](const std::string& name) { return std::ranges::find(found, name, &Domain::name); };
  if (done)
    done = file->run("SELECT domain, organization, COUNT(*) FROM reports" + of +
                         " GROUP BY domain, organization ORDER BY domain, COUNT(*) DESC",
                     {first, domain}, [&](sqlite3_stmt* row) {
                       const auto one = find(text_at(row, 0));
                       if (one == found.end()) return;
                       one->reports += static_cast<std::uint64_t>(sqlite3_column_int64(row, 2));
                       if (one->organizations.size() < most_organizations)
                         one->organizations.push_back(text_at(row, 1));
                     });
  if (done && !domain.empty() && !found.empty())
    done = file->run(std::string("SELECT source, ") + dmarc_sum_columns + " FROM sums" + of +
                         " GROUP BY source ORDER BY SUM(count * (NOT (dkim OR spf))) DESC, SUM(count) DESC LIMIT " +
                         std::to_string(most_sources),
                     {first, domain}, [&](sqlite3_stmt* row) {
                       found.front().sources.push_back({.address = text_at(row, 0), .counts = counts_at(row, 1)});
                     });
  if (!done) return std::unexpected(done.error());
  return found;
}

boost::asio::awaitable<base::Result<std::vector<DmarcSums::Domain>>> DmarcSums::summary(std::string domain,
                                                                                        base::WallTime since) {
  return on_pool<base::Result<std::vector<Domain>>>(
      pool_, [this, domain = std::move(domain), since] { return summary_here(domain, since); });
}

}  // namespace godwit::state
