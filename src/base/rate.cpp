// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/rate.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::base {
namespace {

constexpr std::uint64_t least_bytes = 1ULL << 10U;
constexpr std::uint64_t most_bytes = 1ULL << 50U;

std::optional<Rate> rate_of(std::optional<std::uint64_t> count, std::string_view period_text) {
  const auto period = parse_duration(period_text);
  if (!count || !period || *period < std::chrono::seconds(1) || *period > std::chrono::hours(24)) return {};
  return Rate{.count = *count, .period = *period};
}

}  // namespace

std::string to_string(const Rate& rate) {
  return rate.count == 0 ? "" : fmt::format("{}/{}", rate.count, format_duration(rate.period));
}

std::optional<Rate> parse_rate(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto count = parse_unsigned(text.substr(0, slash));
  if (!count || *count == 0 || *count > 1'000'000) return {};
  return rate_of(count, text.substr(slash + 1));
}

std::string byte_rate_text(const Rate& rate) {
  return rate.count == 0 ? "" : fmt::format("{}/{}", format_size(rate.count), format_duration(rate.period));
}

std::optional<Rate> parse_byte_rate(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto bytes = parse_size(text.substr(0, slash));
  if (!bytes || *bytes < least_bytes || *bytes > most_bytes) return {};
  return rate_of(bytes, text.substr(slash + 1));
}

}  // namespace godwit::base
