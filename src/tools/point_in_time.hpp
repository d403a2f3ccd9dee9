// SPDX-License-Identifier: Apache-2.0
// Times as people say them to a command.  Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "godwit/base/clock.hpp"

namespace godwit::tools {

// "2h" (ago), "2026-11-23", "2026-11-23 09:35", "2026-11-23T09:35:55Z"; without a zone UTC.  Nothing: none of these.
std::optional<base::WallTime> parse_point_in_time(std::string_view text, base::WallTime now);

}  // namespace godwit::tools
