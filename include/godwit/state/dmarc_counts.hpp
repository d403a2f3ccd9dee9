// SPDX-License-Identifier: Apache-2.0
// Messages counted for the aggregate reports that domains ask for (RFC 9990): those that are alike, by UTC day, domain
// and policy, and which reports about them were sent to whom.  What was counted is gathered in memory and written when
// saved() is asked for; a crash loses the rest.  A report is numbered for good when it is closed, and every address is
// claimed before it is sent there, so that neither a restart nor a crash sends one twice.  Bounded: what has no room is
// not counted.  A file that is damaged is set aside and begun anew.
//
// count(): any thread; the rest is asked for on one reactor, one after the other, and done on `pool`.
//
// Logged: dmarc_counts_full (once a day), dmarc_counts_left_out (how many messages, when reports are closed),
// dmarc_counts_rebuilt.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/log/logger.hpp"

namespace godwit::state {

class SqliteFile;

class DmarcCounts {
 public:
  using Day = std::chrono::sys_days;
  static constexpr std::size_t most_rows = 100'000;           // in all
  static constexpr std::size_t most_rows_of_domain = 10'000;  // of one day
  static constexpr std::size_t most_unsaved = 20'000;
  static constexpr std::size_t longest_row = 8192;
  static constexpr std::chrono::days claims_kept{7};

  struct Row {
    std::string domain;  // where the policy is
    std::string policy;
    std::string source;  // address of the client
    std::string rest;    // what else they have in common
    auto operator<=>(const Row&) const = default;
  };
  // `pool` may block, and runs one thing after the other.  The others outlive this and what it has started there.
  DmarcCounts(const std::string& directory, boost::asio::any_io_executor pool, const base::Clock& clock,
              log::Logger& log)
      : path_(directory + "/dmarc.sqlite"), pool_(std::move(pool)), clock_(clock), log_(log) {}

  void count(Row row);
  bool changed() const;  // since it was saved

  boost::asio::awaitable<base::Result<>> saved();

  struct Report {
    std::int64_t number = 0;
    Day day{};
    std::string domain;
    std::string policy;
    base::WallTime begin{};
    base::WallTime end{};  // the last second that counts
  };
  // Ends what was counted of days before this one; with what was ended before and is not finished, oldest first.
  boost::asio::awaitable<base::Result<std::vector<Report>>> close(Day before);
  struct Counted {
    std::string source;
    std::string rest;
    std::uint64_t count = 0;
  };
  boost::asio::awaitable<base::Result<std::vector<Counted>>> rows(std::int64_t report);
  // False: it was claimed before.  Durable when it completes.
  boost::asio::awaitable<base::Result<bool>> claim(std::int64_t report, std::string address);
  // It was not sent there after all.
  boost::asio::awaitable<base::Result<>> unclaim(std::int64_t report, std::string address);
  boost::asio::awaitable<base::Result<>> finish(std::int64_t report);
  // Claims of long ago, and all counts of before this day.
  boost::asio::awaitable<base::Result<>> forget_before(Day day);

  // What is not sent yet, oldest first, behind a day and domain.
  struct Waiting {
    Day day{};
    std::string domain;
    std::uint64_t rows = 0;
    std::uint64_t messages = 0;
  };
  boost::asio::awaitable<base::Result<std::vector<Waiting>>> waiting(std::size_t most, Day after_day = {},
                                                                     std::string after_domain = {});

 private:
  using DayRow = std::pair<Day, Row>;
  using Sizes = std::map<std::pair<Day, std::string>, std::size_t>;  // rows of a day and domain

  Day today() const { return std::chrono::floor<std::chrono::days>(clock_.wall()); }
  // On the pool.
  base::Result<SqliteFile> open();
  base::Result<> save();
  // Adds what has no room to left_out.
  base::Result<> write(SqliteFile& file, const std::map<DayRow, std::uint64_t>& some, std::uint64_t& left_out);
  base::Result<> add(SqliteFile& file, const DayRow& row, std::uint64_t count, std::uint64_t& left_out);
  base::Result<> read_sizes(SqliteFile& file);
  base::Result<std::vector<Report>> close_here(Day before);
  base::Result<std::vector<Report>> reports(SqliteFile& file);
  void leave_out(std::uint64_t messages);
  void tell_left_out();

  std::string path_;
  boost::asio::any_io_executor pool_;
  const base::Clock& clock_;
  log::Logger& log_;
  mutable std::mutex mutex_;
  std::map<DayRow, std::uint64_t> unsaved_;
  Day full_since_{};  // under the lock, like what follows
  std::uint64_t left_out_ = 0;
  bool sizes_known_ = false;  // the pool's, like what follows
  Sizes sizes_;               // of what is not closed
  std::size_t rows_ = 0;      // in all
};

}  // namespace godwit::state
