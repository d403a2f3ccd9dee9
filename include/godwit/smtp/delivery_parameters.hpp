// SPDX-License-Identifier: Apache-2.0
// When, and how urgently, a sender wants a message delivered: BY (RFC 2852), HOLDFOR and HOLDUNTIL (RFC 4865) and
// MT-PRIORITY (RFC 6710) of MAIL, as values, read from and written to the command line.  Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "godwit/base/clock.hpp"

namespace godwit::smtp {

// RFC 2852 section 4.
struct DeliverBy {
  std::chrono::seconds within{0};  // from MAIL on; with `notify` also 0 or less: it is late already
  enum class Mode : std::uint8_t {
    notify,    // what is late is delivered nevertheless, and the sender is told
    give_back  // what is late is returned
  } mode = Mode::notify;
  bool trace = false;  // the sender wants to hear of each host that passed it on
  bool operator==(const DeliverBy&) const = default;
};

// When the first attempt may be made: after an interval, or at a moment (RFC 4865 section 5).
using Hold = std::variant<std::chrono::seconds, base::WallTime>;

// RFC 6710 section 5.
inline constexpr std::int8_t lowest_priority = -9, highest_priority = 9;

// The values as the command line has them; empty: not one.
std::optional<DeliverBy> read_deliver_by(std::string_view value);  // "120;R", "-5;NT"
std::optional<Hold> read_hold_for(std::string_view value);         // seconds
std::optional<Hold> read_hold_until(std::string_view value);       // RFC 3339
std::optional<std::int8_t> read_priority(std::string_view value);  // "-9" to "9"
// And back.
std::string deliver_by_text(const DeliverBy& by);

}  // namespace godwit::smtp
