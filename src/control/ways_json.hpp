// SPDX-License-Identifier: Apache-2.0
// Ways that mail would take, and reasons why it waits, as JSON.
#pragma once

#include <vector>

#include <boost/json/value.hpp>

#include "godwit/dispatch/way.hpp"

namespace godwit::control {

boost::json::value to_json(const dispatch::Ways& ways);
boost::json::value to_json(const std::vector<dispatch::Waiting>& waiting);

}  // namespace godwit::control
