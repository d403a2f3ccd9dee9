// SPDX-License-Identifier: Apache-2.0
// What the daemon does just now: the difference of two answers about its status.  Pure.
#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace godwit::tools {

// What came in `seconds` between two statuses, and what is busiest.
boost::json::value top_summary(const boost::json::value& before, const boost::json::value& now, double seconds,
                               const boost::json::value& busiest);
std::string top_text(const boost::json::value& summary);

}  // namespace godwit::tools
