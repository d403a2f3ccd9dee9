// SPDX-License-Identifier: Apache-2.0
// Our certificates, and what TLS came to with other hosts.  Pure.
#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace godwit::tools {

// Of the daemon's status, and of what it found of messages delivered: {"certificates": [...], "acme": ..., "peers":
// [...]}.
boost::json::value tls_summary(const boost::json::value& status, const boost::json::value& delivered);
std::string tls_text(const boost::json::value& summary);

}  // namespace godwit::tools
