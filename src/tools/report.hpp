// SPDX-License-Identifier: Apache-2.0
// What the daemon answers, as text for people.  Pure.  A key that is missing (an older or newer daemon) shows as "-";
// nothing a mail brought with it reaches the terminal unescaped.
#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace godwit::tools {

std::string status_text(const boost::json::value& status);
// The messages of one page of the list; empty for none.
std::string list_text(const boost::json::value& page);
std::string message_text(const boost::json::value& message);
// Of one message: where it still goes, when, and why it waits.  Empty: nowhere.
std::string waiting_text(const boost::json::value& message);
// What limits what, and what is suspended.
std::string destinations_text(const boost::json::value& page);
std::string limits_text(const boost::json::value& page);
std::string lockouts_text(const boost::json::value& page);
std::string suppressions_text(const boost::json::value& page);
std::string stopped_text(const boost::json::value& status);  // accounts
std::string reload_text(const boost::json::value& result);
// "4.5 KiB"
std::string size_text(std::uint64_t bytes);

}  // namespace godwit::tools
