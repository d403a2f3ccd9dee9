// SPDX-License-Identifier: Apache-2.0
#include "tls_counts.hpp"

#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

constexpr std::size_t words_in_line = 11;

// Never empty, and without spaces.
std::string word(const std::string& text) {
  return "=" + base::percent_encode(text);
}

std::optional<std::string> text_of(std::string_view word) {
  if (!word.starts_with('=')) return {};
  return base::percent_decode(word.substr(1));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  if (text.empty()) return lines;
  for (const auto line : base::split(text, '\n')) lines.emplace_back(line);
  return lines;
}

std::string cut(std::string text) {
  if (text.size() <= TlsCounts::longest_text) return text;
  const auto line_end = text.rfind('\n', TlsCounts::longest_text);
  text.resize(line_end == std::string::npos ? TlsCounts::longest_text : line_end);
  return text;
}

// In the order of a line.
template <class Row>
auto texts_of(Row& row) {
  return std::array{&row.domain,    &row.policy_type,     &row.policy_strings,    &row.policy_hosts, &row.failure,
                    &row.mail_host, &row.sending_address, &row.receiving_address, &row.reason};
}

}  // namespace

TlsCounts::Row TlsCounts::row_of(const deliver::TlsSession& session, Day day) {
  Row row;
  row.day = day;
  row.domain = session.domain;
  row.policy_type = session.policy_type;
  row.policy_strings = cut(base::join(session.policy_strings, "\n"));
  row.policy_hosts = cut(base::join(session.policy_hosts, "\n"));
  if (session.failure.empty()) return row;  // only their number counts
  row.failure = session.failure;
  row.mail_host = session.mail_host;
  row.sending_address = session.sending_address;
  row.receiving_address = session.receiving_address;
  row.reason = session.reason;
  return row;
}

std::size_t TlsCounts::size_of(const Row& row) {
  std::size_t size = 0;
  for (const auto* text : texts_of(row)) size += text->size();
  return size;
}

bool TlsCounts::has_room(const Row& row) const {
  return rows_.size() < most_rows && bytes_ + size_of(row) <= most_bytes;
}

bool TlsCounts::count(const deliver::TlsSession& session, base::WallTime now) {
  auto row = row_of(session, day_of(now));
  const Due of{.day = row.day, .domain = row.domain};
  const auto known = details_.find(of);
  const std::size_t details = known == details_.end() ? 0 : known->second;
  auto found = rows_.find(row);
  if (found == rows_.end() && details >= most_details) {
    row.mail_host.clear();
    row.sending_address.clear();
    row.receiving_address.clear();
    row.reason.clear();
    found = rows_.find(row);
  }
  if (found == rows_.end()) {
    if (details >= 2 * most_details || !has_room(row)) return false;
    ++details_[of];
    bytes_ += size_of(row);
    found = rows_.emplace(std::move(row), 0).first;
  }
  ++found->second;
  changed_ = true;
  return true;
}

std::vector<TlsCounts::Due> TlsCounts::due(Day before) const {
  std::vector<Due> result;
  for (const auto& [of, details] : details_)
    if (of.day < before) result.push_back(of);
  return result;
}

TlsCounts::Rows::const_iterator TlsCounts::first_of(const Due& of) const {
  Row least;
  least.day = of.day;
  least.domain = of.domain;
  return rows_.lower_bound(least);
}

std::vector<mail::TlsReport::Policy> TlsCounts::policies(const Due& of) const {
  std::vector<mail::TlsReport::Policy> result;
  const Row* last = nullptr;
  for (auto at = first_of(of); at != rows_.end() && at->first.day == of.day && at->first.domain == of.domain; ++at) {
    const auto& [row, count] = *at;
    const bool same = last != nullptr && last->policy_type == row.policy_type &&
                      last->policy_strings == row.policy_strings && last->policy_hosts == row.policy_hosts;
    if (!same)
      result.push_back({.type = row.policy_type,
                        .strings = lines_of(row.policy_strings),
                        .mail_hosts = lines_of(row.policy_hosts),
                        .details = {}});
    last = &row;
    auto& policy = result.back();
    if (row.failure.empty()) {
      policy.successes += count;
      continue;
    }
    policy.failures += count;
    policy.details.push_back({.type = row.failure,
                              .sending_address = row.sending_address,
                              .mail_host = row.mail_host,
                              .receiving_address = row.receiving_address,
                              .reason = row.reason,
                              .sessions = count});
  }
  return result;
}

void TlsCounts::forget(const Due& of) {
  const auto first = first_of(of);
  auto end = first;
  for (; end != rows_.end() && end->first.day == of.day && end->first.domain == of.domain; ++end)
    bytes_ -= size_of(end->first);
  rows_.erase(first, end);
  details_.erase(of);
  changed_ = true;
}

void TlsCounts::forget_before(Day day) {
  for (const auto& of : due(day)) forget(of);
}

std::string TlsCounts::line_of(const Row& row, std::uint64_t count) {
  std::string line = std::to_string(row.day.time_since_epoch().count());
  for (const auto* text : texts_of(row)) line += " " + word(*text);
  return line + fmt::format(" {}\n", count);
}

std::optional<std::pair<TlsCounts::Row, std::uint64_t>> TlsCounts::parse_line(std::string_view line) {
  const auto words = base::split(line, ' ');
  if (words.size() != words_in_line) return {};
  const auto day = base::parse_unsigned(words.front());
  const auto count = base::parse_unsigned(words.back());
  constexpr std::uint64_t last_day = 1000000;
  if (!day || *day > last_day || !count) return {};
  Row row;
  row.day = Day(std::chrono::days(*day));
  std::size_t at = 1;
  for (auto* text : texts_of(row)) {
    auto read = text_of(words[at++]);
    if (!read) return {};
    *text = std::move(*read);
  }
  return std::pair{std::move(row), *count};
}

std::string TlsCounts::text() {
  std::string result;
  for (const auto& [row, count] : rows_) result += line_of(row, count);
  changed_ = false;
  return result;
}

std::size_t TlsCounts::read(std::string_view text) {
  std::size_t bad = 0;
  for (const auto line : base::split(text, '\n')) {
    if (line.empty()) continue;
    auto read = parse_line(line);
    if (!read || !has_room(read->first)) {
      ++bad;
      continue;
    }
    const Due of{.day = read->first.day, .domain = read->first.domain};
    const auto size = size_of(read->first);
    const auto [row, is_new] = rows_.emplace(std::move(read->first), 0);
    row->second += read->second;
    if (!is_new) continue;
    bytes_ += size;
    ++details_[of];
  }
  return bad;
}

}  // namespace godwit::dispatch
