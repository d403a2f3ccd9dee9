// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/submission_keys.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "on_pool_within.hpp"
#include "sqlite_file.hpp"

namespace godwit::state {
namespace {

constexpr base::Duration look_for_old_every = std::chrono::minutes(10);
constexpr std::size_t most_waiting = 100;
constexpr std::size_t bytes_of_row = 200;  // beside its texts

constexpr const char* submissions_table =
    "CREATE TABLE IF NOT EXISTS submissions (owner TEXT NOT NULL, key TEXT NOT NULL, time INTEGER NOT NULL, "
    "fingerprint TEXT NOT NULL, id INTEGER NOT NULL, plan TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (owner, "
    "key)) WITHOUT ROWID";
constexpr const char* submissions_by_time = "CREATE INDEX IF NOT EXISTS by_time ON submissions (time)";

std::int64_t key_second(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

base::Result<SqliteFile> open_keys(const std::string& path) {
  auto file = SqliteFile::open(path);
  if (!file) return file;
  base::Result<> done = file->run(submissions_table);
  if (done) done = file->run(submissions_by_time);
  if (!done) return std::unexpected(done.error());
  return file;
}

}  // namespace

SubmissionKeys::SubmissionKeys(std::string directory, boost::asio::any_io_executor pool, const base::Clock& clock,
                               log::Logger& log, Bounds bounds)
    : path_(std::move(directory) + "/submissions.sqlite"),
      pool_(std::move(pool)),
      clock_(clock),
      log_(log),
      bounds_(bounds) {}

std::optional<SubmissionKeys::Turn> SubmissionKeys::begin(Key key) {
  if (!in_use_.insert(key).second) return {};
  return Turn(*this, std::move(key));
}

// The pool has other work too, and the disk may hang: nobody waits for long, and no more than so much work piles up.
template <class Result, class Work>
boost::asio::awaitable<Result> SubmissionKeys::within(Work work) {
  if (waiting_ >= most_waiting) co_return base::fail(base::ErrorKind::timed_out, "the disk does not keep up");
  ++waiting_;
  auto counted = [this, work = std::move(work)]() -> Result {
    auto result = work();
    --waiting_;
    return result;
  };
  auto doing = on_pool_within<Result>(pool_, bounds_.patience, std::move(counted));
  auto done = co_await std::move(doing);
  if (!done) co_return base::fail(base::ErrorKind::timed_out, "the disk does not answer");
  co_return *std::move(done);
}

SubmissionKeys::Task<std::optional<SubmissionKeys::Kept>> SubmissionKeys::find(Key key) {
  return within<base::Result<std::optional<Kept>>>([this, key = std::move(key)] { return find_here(key); });
}

SubmissionKeys::Task<> SubmissionKeys::plan(Key key, Kept kept) {
  return within<base::Result<>>([this, key = std::move(key), kept = std::move(kept)] { return plan_here(key, kept); });
}

SubmissionKeys::Task<> SubmissionKeys::settle(Key key, std::string answer) {
  return within<base::Result<>>(
      [this, key = std::move(key), answer = std::move(answer)] { return settle_here(key, answer); });
}

SubmissionKeys::Task<> SubmissionKeys::forget(Key key) {
  return within<base::Result<>>([this, key = std::move(key)] { return forget_here(key); });
}

// ---- on the pool

base::Result<> SubmissionKeys::prepare() {
  if (prepared_) return forget_old();
  auto done = read_use();
  if (!done && done.error().kind == base::ErrorKind::corrupt) {
    const auto aside = path_ + ".damaged";
    log_.warn("submission_keys_rebuilt", {{"reason", done.error().message}, {"kept_as", aside}});
    if (std::rename(path_.c_str(), aside.c_str()) == 0) done = read_use();
  }
  prepared_ = done.has_value();
  return done;
}

base::Result<> SubmissionKeys::read_use() {
  auto file = open_keys(path_);
  if (!file) return std::unexpected(file.error());
  use_.clear();
  return file->run("SELECT owner, COUNT(*), SUM(LENGTH(plan) + LENGTH(answer)) FROM submissions GROUP BY owner", {},
                   [this](sqlite3_stmt* row) {
                     auto& use = use_[text_at(row, 0)];
                     use.keys = static_cast<std::size_t>(sqlite3_column_int64(row, 1));
                     use.bytes = static_cast<std::size_t>(sqlite3_column_int64(row, 2)) + use.keys * bytes_of_row;
                   });
}

base::Result<> SubmissionKeys::forget_old() {
  const auto now = clock_.wall();
  if (now >= looked_for_old_ && now < looked_for_old_ + look_for_old_every) return {};
  auto file = open_keys(path_);
  if (!file) return std::unexpected(file.error());
  auto done = file->run("DELETE FROM submissions WHERE time <= ?1", {key_second(now - keep)});
  if (done) done = read_use();
  if (done) looked_for_old_ = now;
  return done;
}

base::Result<std::optional<SubmissionKeys::Kept>> SubmissionKeys::find_here(const Key& key) {
  if (auto ready = prepare(); !ready) return std::unexpected(ready.error());
  auto file = open_keys(path_);
  if (!file) return std::unexpected(file.error());
  std::optional<Kept> found;
  const auto done =
      file->run("SELECT fingerprint, id, plan, answer FROM submissions WHERE owner = ?1 AND key = ?2 AND time > ?3",
                {key.owner, key.text, key_second(clock_.wall() - keep)}, [&](sqlite3_stmt* row) {
                  found = Kept{.fingerprint = text_at(row, 0),
                               .id = {static_cast<std::uint64_t>(sqlite3_column_int64(row, 1))},
                               .answer = text_at(row, 3),
                               .plan = text_at(row, 2)};
                });
  if (!done) return std::unexpected(done.error());
  return found;
}

base::Result<> SubmissionKeys::plan_here(const Key& key, const Kept& kept) {
  if (auto ready = prepare(); !ready) return ready;
  if (auto removed = forget_here(key); !removed) return removed;
  auto& use = use_[key.owner];
  const auto bytes = kept.plan.size() + bytes_of_row;
  if (use.keys >= bounds_.keys || use.bytes + bytes > bounds_.bytes)
    return base::fail(base::ErrorKind::exhausted, "too many idempotency keys within 24 hours");
  auto file = open_keys(path_);
  if (!file) return std::unexpected(file.error());
  auto done = file->run("INSERT INTO submissions VALUES (?1, ?2, ?3, ?4, ?5, ?6, '')",
                        {key.owner, key.text, key_second(clock_.wall()), kept.fingerprint,
                         static_cast<std::int64_t>(kept.id.value), kept.plan});
  if (!done) return done;
  ++use.keys;
  use.bytes += bytes;
  return done;
}

base::Result<> SubmissionKeys::settle_here(const Key& key, const std::string& answer) {
  auto file = open_keys(path_);
  if (!file) return std::unexpected(file.error());
  auto done =
      file->run("UPDATE submissions SET answer = ?3 WHERE owner = ?1 AND key = ?2", {key.owner, key.text, answer});
  if (done) use_[key.owner].bytes += answer.size();
  return done;
}

base::Result<> SubmissionKeys::forget_here(const Key& key) {
  auto file = open_keys(path_);
  if (!file) return std::unexpected(file.error());
  std::optional<std::size_t> bytes;
  auto done = file->run(
      "SELECT LENGTH(plan) + LENGTH(answer) FROM submissions WHERE owner = ?1 AND key = ?2", {key.owner, key.text},
      [&](sqlite3_stmt* row) { bytes = static_cast<std::size_t>(sqlite3_column_int64(row, 0)) + bytes_of_row; });
  if (!done || !bytes) return done;
  done = file->run("DELETE FROM submissions WHERE owner = ?1 AND key = ?2", {key.owner, key.text});
  if (!done) return done;
  auto& use = use_[key.owner];
  use.keys -= std::min<std::size_t>(use.keys, 1);
  use.bytes -= std::min(use.bytes, *bytes);
  return done;
}

}  // namespace godwit::state
