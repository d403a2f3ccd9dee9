// SPDX-License-Identifier: Apache-2.0
// What a replay came to, as text for people.  Pure.
#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace godwit::tools {

std::string replay_text(const boost::json::value& report);

}  // namespace godwit::tools
