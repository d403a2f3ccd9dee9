// SPDX-License-Identifier: Apache-2.0
// What is known of reports of DMARC, as JSON.
#pragma once

#include <vector>

#include <boost/json/value.hpp>

#include "godwit/control/backend.hpp"

namespace godwit::control {

boost::json::value to_json(const std::vector<state::DmarcCounts::Waiting>& waiting);
boost::json::value to_json(const std::vector<state::DmarcSums::Domain>& domains);

}  // namespace godwit::control
