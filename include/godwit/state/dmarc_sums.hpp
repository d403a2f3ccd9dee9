// SPDX-License-Identifier: Apache-2.0
// What others report of mail in the name of domains (aggregate reports of DMARC that were sent to us), summed up by
// day, domain, reporting organization and client.  In SQLite; a report that comes twice counts once.  Bounded, in all
// and for what calls itself one organization and reports of one domain: the oldest days go where a report has no room,
// and what is older than `keep`.  One reactor asks; the work is done on `pool`, one thing after the other.  A file that
// is damaged is set aside and begun anew.
//
// Logged: dmarc_sums_dropped (what made room, once a day: all since the last time), dmarc_sums_rebuilt.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
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

class DmarcSums {
 public:
  static constexpr std::size_t most_rows = 500'000;
  static constexpr std::size_t most_reports = 100'000;
  static constexpr std::size_t most_rows_of_one = 50'000;  // of one organization about one domain
  static constexpr std::size_t most_reports_of_one = 5'000;
  static constexpr std::chrono::days keep{400};

  struct Row {
    std::string source;       // address of the client
    std::string header_from;  // domain
    std::string disposition;
    bool dkim = false;  // aligned
    bool spf = false;
    std::uint64_t count = 0;
  };
  struct Report {
    std::string organization;
    std::string id;
    std::string domain;  // of the policy
    base::WallTime begin{};
    base::WallTime end{};
    std::vector<Row> rows;
  };

  DmarcSums(const std::string& directory, boost::asio::any_io_executor pool, const base::Clock& clock, log::Logger& log)
      : path_(directory + "/dmarc_received.sqlite"), pool_(std::move(pool)), clock_(clock), log_(log) {}

  // too_large: more than most_rows_of_one; not_of_now: of the future, or of long ago.
  enum class Taken { yes, known, too_large, not_of_now };
  boost::asio::awaitable<base::Result<Taken>> add(Report report);

  struct Counts {
    std::uint64_t messages = 0;
    std::uint64_t passed = 0;  // aligned by DKIM or SPF
    std::uint64_t dkim = 0;
    std::uint64_t spf = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t rejected = 0;
  };
  struct Source {
    std::string address;
    Counts counts;
  };
  struct Domain {
    std::string name;
    std::uint64_t reports = 0;
    std::vector<std::string> organizations;  // who reports, at most `most_organizations`
    Counts counts;
    std::vector<Source> sources;  // those with most that did not pass first, at most `most_sources`
  };
  static constexpr std::size_t most_domains = 1000;
  static constexpr std::size_t most_organizations = 50;
  static constexpr std::size_t most_sources = 50;
  // Of days since then.  domain: only this one; empty: all, without sources.
  boost::asio::awaitable<base::Result<std::vector<Domain>>> summary(std::string domain, base::WallTime since);

 private:
  // On the pool.
  base::Result<SqliteFile> open();
  base::Result<Taken> add_here(const Report& report);
  struct Bound;
  struct Dropped {
    std::uint64_t reports = 0;
    std::uint64_t rows = 0;
  };
  static base::Result<> make_room(SqliteFile& file, const Report& report, const Bound& bound, Dropped& dropped);
  void tell(const Report& report, const Dropped& dropped);
  base::Result<> write(SqliteFile& file, const Report& report);
  base::Result<std::vector<Domain>> summary_here(const std::string& domain, base::WallTime since);

  std::string path_;
  boost::asio::any_io_executor pool_;
  const base::Clock& clock_;
  log::Logger& log_;
  Dropped untold_;  // the pool's, like what follows
  std::int64_t told_ = 0;
};

}  // namespace godwit::state
