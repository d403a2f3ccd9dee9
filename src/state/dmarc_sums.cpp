// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/dmarc_sums.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "on_pool.hpp"
#include "sqlite_file.hpp"

namespace godwit::state {
namespace {

using std::chrono::days;

constexpr const char* dmarc_received_table =
    "CREATE TABLE IF NOT EXISTS reports (domain TEXT NOT NULL, organization TEXT NOT NULL, id TEXT NOT NULL, day "
    "INTEGER "
    "NOT NULL, PRIMARY KEY (domain, organization, id)) WITHOUT ROWID";
constexpr const char* dmarc_sums_table =
    "CREATE TABLE IF NOT EXISTS sums (day INTEGER NOT NULL, domain TEXT NOT NULL, source TEXT NOT NULL, header_from "
    "TEXT "
    "NOT NULL, disposition TEXT NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY "
    "KEY (day, domain, source, header_from, disposition, dkim, spf)) WITHOUT ROWID";
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

base::Result<std::int64_t> number_from(SqliteFile& file, const std::string& question) {
  std::int64_t number = 0;
  auto done = file.run(question, {}, [&](sqlite3_stmt* row) { number = sqlite3_column_int64(row, 0); });
  if (!done) return std::unexpected(done.error());
  return number;
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

base::Result<> DmarcSums::write(SqliteFile& file, const Report& report) {
  const auto day = day_number(report.begin);
  auto done =
      file.run("INSERT INTO reports VALUES (?1, ?2, ?3, ?4)", {report.domain, report.organization, report.id, day});
  for (auto row = report.rows.begin(); done && row != report.rows.end(); ++row)
    done = file.run(
        "INSERT INTO sums VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET count = count + "
        "excluded.count",
        {day, report.domain, row->source, row->header_from, row->disposition, std::int64_t{row->dkim},
         std::int64_t{row->spf}, static_cast<std::int64_t>(row->count)});
  return done;
}

base::Result<DmarcSums::Taken> DmarcSums::add_here(const Report& report) {
  const auto oldest = day_number(clock_.wall() - keep);
  const auto day = day_number(report.begin);
  if (day < oldest || day > day_number(clock_.wall() + days(1))) return Taken::not_of_now;
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
  const auto reports = number_from(*file, "SELECT COUNT(*) FROM reports");
  const auto rows = number_from(*file, "SELECT COUNT(*) FROM sums");
  if (!reports || !rows) return std::unexpected((reports ? rows : reports).error());
  const auto room = static_cast<std::uint64_t>(*rows) + report.rows.size() <= most_rows;
  if (!room || static_cast<std::uint64_t>(*reports) >= most_reports) return Taken::full;
  done = write(*file, report);
  if (done) done = file->run("COMMIT");
  if (!done) return std::unexpected(done.error());
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
