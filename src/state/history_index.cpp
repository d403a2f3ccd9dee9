// SPDX-License-Identifier: Apache-2.0
#include "history_index.hpp"

#include "godwit/state/history.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace godwit::state {
namespace {

constexpr std::int64_t index_version = 1;
constexpr std::int64_t much_empty = 1024;  // pages; and more than half of the file

constexpr const char* parts_table =
    "CREATE TABLE IF NOT EXISTS parts (number INTEGER PRIMARY KEY, segment INTEGER NOT NULL, identity INTEGER NOT "
    "NULL, begin INTEGER NOT NULL, \"end\" INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL)";
constexpr const char* segments_of_parts = "CREATE INDEX IF NOT EXISTS segments ON parts (segment)";
constexpr const char* terms_table =
    "CREATE TABLE IF NOT EXISTS terms (part INTEGER NOT NULL, kind INTEGER NOT NULL, term BLOB NOT NULL, frame INTEGER "
    "NOT NULL, PRIMARY KEY (part, kind, term, frame)) WITHOUT ROWID";

std::int64_t to_integer(base::WallTime time) {
  return time.time_since_epoch().count();
}
base::WallTime time_of(std::int64_t number) {
  return base::WallTime(base::Duration(number));
}

IndexedPart part_at(sqlite3_stmt* row) {
  return {.number = sqlite3_column_int64(row, 0),
          .segment = static_cast<std::uint32_t>(sqlite3_column_int64(row, 1)),
          .identity = static_cast<std::uint64_t>(sqlite3_column_int64(row, 2)),
          .begin = static_cast<std::uint64_t>(sqlite3_column_int64(row, 3)),
          .end = static_cast<std::uint64_t>(sqlite3_column_int64(row, 4)),
          .first = time_of(sqlite3_column_int64(row, 5)),
          .last = time_of(sqlite3_column_int64(row, 6))};
}

std::uint32_t frame_at(sqlite3_stmt* row, int column) {
  return static_cast<std::uint32_t>(sqlite3_column_int64(row, column));
}

void tidy(std::vector<std::uint32_t>& frames) {
  std::ranges::sort(frames);
  frames.erase(std::ranges::unique(frames).begin(), frames.end());
}

// Before which all terms lie that begin with it.
std::string end_of_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xFF') prefix.pop_back();
  if (prefix.empty()) return std::string(longest_term + 1, '\xFF');
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace

// ---- the file

bool HistoryIndex::exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

void remove_history_index(const std::string& path) {
  HistoryIndex::remove(path);
}

void HistoryIndex::remove(const std::string& path) {
  std::error_code ignored;
  for (const auto* beside : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(path + beside, ignored);
}

base::Result<HistoryIndex> HistoryIndex::open(const std::string& path) {
  auto file = SqliteFile::open(path);
  if (!file) return std::unexpected(file.error());
  HistoryIndex index;
  index.file_ = std::move(*file);
  auto done = index.make();
  if (done) done = index.prepare();
  if (!done) return std::unexpected(done.error());
  return index;
}

base::Result<> HistoryIndex::make() {
  const auto version = number_of("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  if (*version != 0 && *version != index_version)
    return base::fail(base::ErrorKind::unsupported, fmt::format("version {} of the index is not known", *version));
  base::Result<> done;
  const auto run = [&](const std::string& statement) {
    if (done) done = file_.run(statement);
  };
  run("PRAGMA cell_size_check = ON");
  // Before the first table.
  if (*version == 0) run("PRAGMA auto_vacuum = INCREMENTAL");
  // Who searches waits for nobody; it is synced now and then, when the log is worked into the file.
  run("PRAGMA journal_mode = WAL");
  run("PRAGMA synchronous = NORMAL");
  run("PRAGMA journal_size_limit = 4194304");
  if (*version == index_version) return done;
  run("BEGIN IMMEDIATE");
  run(parts_table);
  run(segments_of_parts);
  run(terms_table);
  run(fmt::format("PRAGMA user_version = {}", index_version));
  run("COMMIT");
  return done;
}

base::Result<> HistoryIndex::prepare() {
  base::Result<> done;
  const auto set = [&](SqliteStatement& into, const char* statement) {
    if (!done) return;
    auto prepared = file_.prepare(statement);
    if (prepared)
      into = std::move(*prepared);
    else
      done = std::unexpected(prepared.error());
  };
  set(add_part_, "INSERT INTO parts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  set(add_term_, "INSERT INTO terms VALUES (?1, ?2, ?3, ?4)");
  set(parts_, "SELECT * FROM parts WHERE segment = ?1 ORDER BY begin DESC");
  set(exactly_, "SELECT frame FROM terms WHERE part = ?1 AND kind = ?2 AND term = ?3");
  set(between_, "SELECT term, frame FROM terms WHERE part = ?1 AND kind = ?2 AND term >= ?3 AND term < ?4");
  return done;
}

base::Result<std::int64_t> HistoryIndex::number_of(const std::string& question) {
  std::int64_t number = 0;
  const auto asked = file_.run(question, {}, [&](sqlite3_stmt* row) { number = sqlite3_column_int64(row, 0); });
  if (!asked) return std::unexpected(asked.error());
  return number;
}

// ---- who writes

base::Result<std::map<std::uint32_t, IndexedPart>> HistoryIndex::last_parts() {
  std::map<std::uint32_t, IndexedPart> last;
  const auto read = file_.run("SELECT * FROM parts ORDER BY begin", {}, [&](sqlite3_stmt* row) {
    const auto part = part_at(row);
    last[part.segment] = part;
  });
  if (!read) return std::unexpected(read.error());
  return last;
}

base::Result<> HistoryIndex::in_transaction(const std::function<base::Result<>()>& work) {
  auto done = file_.run("BEGIN IMMEDIATE");
  if (!done) return done;
  done = work();
  if (done) done = file_.run("COMMIT");
  if (!done) static_cast<void>(file_.run("ROLLBACK"));
  return done;
}

base::Result<> HistoryIndex::add(IndexedPart part, std::span<const FrameTerms> frames) {
  const auto last = number_of("SELECT max(number) FROM parts");
  if (!last) return std::unexpected(last.error());
  // None is given twice, so that who searches never mistakes one for another.
  part.number = last_number_ = std::max(last_number_, *last) + 1;
  return in_transaction([&] { return add_rows(part, frames); });
}

base::Result<> HistoryIndex::add_rows(const IndexedPart& part, std::span<const FrameTerms> frames) {
  add_part_.bind(1, part.number);
  add_part_.bind(2, std::int64_t{part.segment});
  add_part_.bind(3, static_cast<std::int64_t>(part.identity));
  add_part_.bind(4, static_cast<std::int64_t>(part.begin));
  add_part_.bind(5, static_cast<std::int64_t>(part.end));
  add_part_.bind(6, to_integer(part.first));
  add_part_.bind(7, to_integer(part.last));
  if (auto done = add_part_.run(); !done) return done;
  // In the order of the table, so that each page is written once.
  std::vector<std::pair<const Term*, std::uint32_t>> rows;
  for (const auto& frame : frames)
    for (const auto& term : frame.terms) rows.emplace_back(&term, frame.frame);
  std::ranges::sort(rows, [](const auto& a, const auto& b) {
    const auto order = *a.first <=> *b.first;
    return order < 0 || (order == 0 && a.second < b.second);
  });
  add_term_.bind(1, part.number);
  for (const auto& [term, frame] : rows) {
    add_term_.bind(2, std::int64_t{std::to_underlying(term->kind)});
    add_term_.bind(3, std::string_view(term->text));
    add_term_.bind(4, std::int64_t{frame});
    if (auto done = add_term_.run(); !done) return done;
  }
  return {};
}

base::Result<> HistoryIndex::forget(std::uint32_t segment) {
  return in_transaction([&] {
    const std::int64_t number = segment;
    auto done = file_.run("DELETE FROM terms WHERE part IN (SELECT number FROM parts WHERE segment = ?1)", {number});
    return done ? file_.run("DELETE FROM parts WHERE segment = ?1", {number}) : done;
  });
}

base::Result<> HistoryIndex::shrink() {
  const auto empty = number_of("PRAGMA freelist_count"), all = number_of("PRAGMA page_count");
  if (!empty || !all) return std::unexpected(empty ? all.error() : empty.error());
  if (*empty < much_empty || *empty < *all / 2) return {};
  return file_.run(fmt::format("PRAGMA incremental_vacuum({})", much_empty));
}

base::Result<HistoryIndex::Size> HistoryIndex::size() {
  const auto empty = number_of("PRAGMA freelist_count"), all = number_of("PRAGMA page_count"),
             page = number_of("PRAGMA page_size");
  for (const auto* one : {&empty, &all, &page})
    if (!*one) return std::unexpected(one->error());
  return Size{.file = static_cast<std::uint64_t>(*all * *page),
              .used = static_cast<std::uint64_t>((*all - *empty) * *page)};
}

// ---- who searches

base::Result<std::vector<IndexedPart>> HistoryIndex::parts_of(std::uint32_t segment) {
  std::vector<IndexedPart> parts;
  parts_.bind(1, std::int64_t{segment});
  const auto read = parts_.run([&](sqlite3_stmt* row) { parts.push_back(part_at(row)); });
  if (!read) return std::unexpected(read.error());
  return parts;
}

base::Result<> HistoryIndex::frames_with(std::int64_t part, const TermPattern& pattern,
                                         std::vector<std::uint32_t>& into) {
  auto& statement = pattern.pattern ? between_ : exactly_;
  statement.bind(1, part);
  statement.bind(2, std::int64_t{std::to_underlying(pattern.kind)});
  statement.bind(3, std::string_view(pattern.prefix));
  if (!pattern.pattern) return statement.run([&](sqlite3_stmt* row) { into.push_back(frame_at(row, 0)); });
  const auto end = end_of_prefix(pattern.prefix);
  statement.bind(4, std::string_view(end));
  return statement.run([&](sqlite3_stmt* row) {
    if (pattern.may_mean(bytes_at(row, 0))) into.push_back(frame_at(row, 1));
  });
}

base::Result<std::vector<std::uint32_t>> HistoryIndex::frames(std::int64_t part,
                                                              std::span<const TermPattern> patterns) {
  const TermPattern everything{.kind = TermKind::everything, .prefix = {}, .pattern = {}};
  std::vector<std::uint32_t> meant;
  bool is_first = true;
  for (const auto& pattern : patterns) {
    std::vector<std::uint32_t> with;
    if (auto done = frames_with(part, pattern, with); !done) return std::unexpected(done.error());
    tidy(with);
    if (!std::exchange(is_first, false)) {
      std::vector<std::uint32_t> both;
      std::ranges::set_intersection(meant, with, std::back_inserter(both));
      with = std::move(both);
    }
    meant = std::move(with);
    if (meant.empty()) break;
  }
  if (auto done = frames_with(part, everything, meant); !done) return std::unexpected(done.error());
  tidy(meant);
  return meant;
}

}  // namespace godwit::state
