// SPDX-License-Identifier: Apache-2.0
// What happened to messages, as text for people; see report.hpp.
#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace godwit::tools {

// The timeline of one message with what was said to whom, and what happens next.
std::string trace_text(const boost::json::value& trace);
// One line.
std::string event_text(const boost::json::value& event);
std::string history_text(const boost::json::value& found);

}  // namespace godwit::tools
