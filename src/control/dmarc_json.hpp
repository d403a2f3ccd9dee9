// SPDX-License-Identifier: Apache-2.0
// What is known of reports of DMARC, as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "godwit/control/backend.hpp"

namespace godwit::control {

// Where a page begins: behind this.
struct DmarcPlace {
  state::DmarcCounts::Day day{};
  std::string domain{};
};
// As `next` of a page says it; "" is the beginning.  Empty: it is no place.
std::optional<DmarcPlace> parse_dmarc_place(std::string_view text);

boost::json::value to_json(const std::vector<state::DmarcCounts::Waiting>& waiting, std::size_t limit);
boost::json::value to_json(const std::vector<state::DmarcSums::Domain>& domains);

}  // namespace godwit::control
