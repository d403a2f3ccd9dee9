// SPDX-License-Identifier: Apache-2.0
// So much in so much time, as configuration writes it: "100/1m"; of bytes "50MiB/1d".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/base/clock.hpp"

namespace godwit::base {

// count 0: no limit.
struct Rate {
  std::uint64_t count = 0;
  Duration period = std::chrono::minutes(1);
  bool operator==(const Rate&) const = default;
};

std::string to_string(const Rate& rate);  // "" where there is no limit
// A count of 1 to 1000000 and a period of 1s to 1d.
std::optional<Rate> parse_rate(std::string_view text);
// The same of bytes, 1KiB to 1PiB.
std::string byte_rate_text(const Rate& rate);
std::optional<Rate> parse_byte_rate(std::string_view text);

}  // namespace godwit::base
