// SPDX-License-Identifier: Apache-2.0
// What the daemon does just now: the difference of two answers about its status.  Pure.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace godwit::tools {

// The least time, in seconds, within which this part of what came between the two was done; `histogram`: of a status,
// like
// "/accept_time"; null: nothing came.
boost::json::value done_within(const boost::json::value& before, const boost::json::value& now,
                               std::string_view histogram, double part);
// "25 ms", of such.
std::string milliseconds(const boost::json::value& seconds);

// What came in `seconds` between two statuses, and what is busiest.
boost::json::value top_summary(const boost::json::value& before, const boost::json::value& now, double seconds,
                               const boost::json::value& busiest);
std::string top_text(const boost::json::value& summary);

}  // namespace godwit::tools
