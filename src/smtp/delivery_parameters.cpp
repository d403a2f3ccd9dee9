// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/delivery_parameters.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::smtp {
namespace {

constexpr std::size_t most_digits = 9;  // of seconds (RFC 2852 section 4, RFC 4865 section 5)

std::optional<std::chrono::seconds> read_seconds(std::string_view digits) {
  const auto number = base::parse_unsigned(digits);
  if (!number || digits.size() > most_digits) return {};
  return std::chrono::seconds(*number);
}

// "R", "N", and "T" behind either.
bool read_mode(std::string_view text, DeliverBy& by) {
  by.trace = text.size() == 2 && base::iequals(text.substr(1), "T");
  if (text.empty() || (text.size() > 1 && !by.trace)) return false;
  const bool give_back = base::iequals(text.substr(0, 1), "R");
  by.mode = give_back ? DeliverBy::Mode::give_back : DeliverBy::Mode::notify;
  return give_back || base::iequals(text.substr(0, 1), "N");
}

}  // namespace

std::optional<DeliverBy> read_deliver_by(std::string_view value) {
  const auto semicolon = value.find(';');
  if (semicolon == std::string_view::npos) return {};
  auto digits = value.substr(0, semicolon);
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  const auto seconds = read_seconds(digits);
  DeliverBy by;
  if (!seconds || !read_mode(value.substr(semicolon + 1), by)) return {};
  by.within = negative ? -*seconds : *seconds;
  // RFC 2852 section 4: what shall be returned when it is late must have time to arrive.
  if (by.mode == DeliverBy::Mode::give_back && by.within <= std::chrono::seconds(0)) return {};
  return by;
}

std::optional<Hold> read_hold_for(std::string_view value) {
  const auto seconds = read_seconds(value);
  if (!seconds || *seconds == std::chrono::seconds(0)) return {};
  return *seconds;
}

std::optional<Hold> read_hold_until(std::string_view value) {
  const auto time = base::parse_rfc3339(value);
  if (!time) return {};
  return *time;
}

std::optional<std::int8_t> read_priority(std::string_view value) {
  const bool negative = value.starts_with('-');
  const auto digits = value.substr(negative ? 1 : 0);
  if (digits.size() != 1 || digits.front() < '0' || digits.front() > '9') return {};
  const auto number = static_cast<std::int8_t>(digits.front() - '0');
  return negative ? static_cast<std::int8_t>(-number) : number;
}

std::string deliver_by_text(const DeliverBy& by) {
  return fmt::format("{};{}{}", by.within.count(), by.mode == DeliverBy::Mode::give_back ? "R" : "N",
                     by.trace ? "T" : "");
}

}  // namespace godwit::smtp
