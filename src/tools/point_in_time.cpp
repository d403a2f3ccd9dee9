// SPDX-License-Identifier: Apache-2.0
#include "point_in_time.hpp"

#include "godwit/base/text.hpp"

namespace godwit::tools {

std::optional<base::WallTime> parse_point_in_time(std::string_view text, base::WallTime now) {
  if (const auto ago = base::parse_duration(text)) return now - *ago;
  std::string whole(text);
  if (whole.size() == std::string_view("2026-11-23").size()) whole += "T00:00";
  if (whole.size() > 10 && whole[10] == ' ') whole[10] = 'T';
  if (whole.size() == std::string_view("2026-11-23T09:35").size()) whole += ":00";
  if (whole.size() == std::string_view("2026-11-23T09:35:55").size()) whole += "Z";
  return base::parse_rfc3339(whole);
}

}  // namespace godwit::tools
