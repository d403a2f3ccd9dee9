// SPDX-License-Identifier: Apache-2.0
// Where mail would go, and why it waits, as text for people; see report.hpp.
#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace godwit::tools {

std::string route_text(const boost::json::value& ways);
// what: as the user said it.
std::string why_text(const boost::json::value& waiting, const std::string& what);

}  // namespace godwit::tools
