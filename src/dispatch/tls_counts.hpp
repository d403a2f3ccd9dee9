// SPDX-License-Identifier: Apache-2.0
// TLS sessions counted for reports, by UTC day and domain, and the text in which a restart finds them again.  Bounded:
// what has no room is not counted.  Pure; private to dispatch/.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/deliver/tls_session.hpp"
#include "godwit/mail/tls_report.hpp"

namespace godwit::dispatch {

class TlsCounts {
 public:
  using Day = std::chrono::sys_days;
  static constexpr std::size_t most_rows = 20000;
  static constexpr std::size_t most_bytes = std::size_t{16}
                                            << 20U;  // of what rows say; text() has up to three for each
  // Of one domain and day: beyond, failures are only told apart by their type.
  static constexpr std::size_t most_details = 200;
  // What policies and reasons may take, of one row.
  static constexpr std::size_t longest_text = 4096;

  static Day day_of(base::WallTime time) { return std::chrono::floor<std::chrono::days>(time); }

  // False: no room.
  bool count(const deliver::TlsSession& session, base::WallTime now);
  struct Due {
    Day day;
    std::string domain;
    auto operator<=>(const Due&) const = default;
  };
  // Each domain and day, oldest first, of days before `before`.
  std::vector<Due> due(Day before) const;
  // The policies of a report.
  std::vector<mail::TlsReport::Policy> policies(const Due& of) const;
  void forget(const Due& of);
  // Days that are over for longer than a report may be late.
  void forget_before(Day day);

  std::size_t rows() const { return rows_.size(); }
  bool changed() const { return changed_; }
  std::string text();
  // The number of lines that could not be read.
  std::size_t read(std::string_view text);

 private:
  // In the order of reports: of a domain, policy by policy.
  struct Row {
    Day day;
    std::string domain;
    std::string policy_type;
    std::string policy_strings;  // lines
    std::string policy_hosts;    // lines
    std::string failure;         // empty: success
    std::string mail_host;
    std::string sending_address;
    std::string receiving_address;
    std::string reason;
    auto operator<=>(const Row&) const = default;
  };
  using Rows = std::map<Row, std::uint64_t>;
  static Row row_of(const deliver::TlsSession& session, Day day);
  static std::string line_of(const Row& row, std::uint64_t count);
  static std::optional<std::pair<Row, std::uint64_t>> parse_line(std::string_view line);
  static std::size_t size_of(const Row& row);
  bool has_room(const Row& row) const;
  Rows::const_iterator first_of(const Due& of) const;

  Rows rows_;
  std::size_t bytes_ = 0;
  std::map<Due, std::size_t> details_;  // rows of each
  bool changed_ = false;
};

}  // namespace godwit::dispatch
