// SPDX-License-Identifier: Apache-2.0
// The stores of the state directory that have their data in SQLite, used as a daemon uses them from its start on.
#pragma once

#include <string>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include "fuzz/fuzz.hpp"
#include "godwit/state/dmarc_counts.hpp"
#include "godwit/state/greylist.hpp"
#include "godwit/state/suppressions.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::fuzz {

struct StateStore {
  const char* file;
  const char* table;
  const char* columns;
  const char* row;  // of numbers (n) and texts (t)
  void (*use)(const std::string& folder, boost::asio::io_context& io, const base::Clock& clock);
};

inline state::Settings kept_in(const std::string& folder) {
  state::Settings settings;
  settings.directory = folder;
  settings.greylist.entries = 20;
  return settings;
}

inline void use_greylist(const std::string& folder, boost::asio::io_context& io, const base::Clock& clock) {
  state::Greylist store(kept_in(folder), io.get_executor(), clock, log::null_logger());
  store.open();
  require(store.known() <= 20 && store.waiting() <= 20);
  store.ask("192.0.2.0/24", "a@b.example");
  (void)testing::run_awaitable(io, store.saved());
}

inline void use_suppressions(const std::string& folder, boost::asio::io_context& io, const base::Clock& clock) {
  state::Suppressions store(kept_in(folder), io.get_executor(), clock, log::null_logger());
  (void)store.open();
  for (const auto& one : store.list(100, {})) {
    require(one.expires > clock.wall() && one.added >= base::WallTime{});
    (void)base::format_rfc3339(one.expires);
    (void)store.remove(one.address);
  }
  state::Suppression added;
  added.address = "r@c.example";
  (void)store.add(std::move(added));
  (void)testing::run_awaitable(io, store.saved());
}

inline void use_dmarc_counts(const std::string& folder, boost::asio::io_context& io, const base::Clock& clock) {
  state::DmarcCounts store(folder, io.get_executor(), clock, log::null_logger());
  store.count({.domain = "d.example", .policy = "p", .source = "192.0.2.1", .rest = "r"});
  const auto today = std::chrono::floor<std::chrono::days>(clock.wall());
  const auto closed = testing::run_awaitable(io, store.close(today + std::chrono::days(1)));
  if (!closed) return;
  for (const auto& report : *closed) {
    require(report.begin <= report.end);
    (void)base::format_rfc3339(report.end);
    (void)testing::run_awaitable(io, store.rows(report.number));
  }
}

inline constexpr StateStore state_stores[] = {
    {"/greylist.sqlite", "greylist", "kind, key, first, last", "ntnn", use_greylist},
    {"/suppressions.sqlite", "suppressions", "address, class, reason, source, added, expires", "ttttnn",
     use_suppressions},
    {"/dmarc.sqlite", "reports", "number, day, domain, policy, first, last, finished", "nnttnnn", use_dmarc_counts},
    {"/dmarc.sqlite", "counts", "report, day, domain, policy, source, rest, count", "nnttttn", use_dmarc_counts},
};

// The statement that puts into the table's place what has no end.
inline std::string endless_view(const StateStore& store) {
  std::string values = "i";
  for (const char* column = store.row + 1; *column != '\0'; ++column) values += ", i";
  return fmt::format(
      "CREATE VIEW {}({}) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT {} FROM n",
      store.table, store.columns, values);
}

// The statement that puts a row into the store's table.
inline std::string take_row(const StateStore& store, std::string_view& input) {
  std::string values;
  for (const char* column = store.row; *column != '\0'; ++column) {
    if (column != store.row) values += ", ";
    if (*column == 'n') {
      std::uint64_t number = 0;
      for (const char c : take(input, take_byte(input) % 9)) number = number << 8U | static_cast<unsigned char>(c);
      values += fmt::format("{}", static_cast<std::int64_t>(number));
    } else {
      values += "CAST(x'";
      for (const char c : take(input, take_byte(input) % 32))
        values += fmt::format("{:02x}", static_cast<unsigned char>(c));
      values += "' AS TEXT)";
    }
  }
  return fmt::format("INSERT OR REPLACE INTO {} VALUES ({})", store.table, values);
}

}  // namespace godwit::fuzz
