// SPDX-License-Identifier: Apache-2.0
// What a draft would have asked when it is replayed, and must not: who may post one could else have a password file
// bound with at a host of its own, a table answer with what it is not for, or the daemon connect to whatever port.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "live_settings.hpp"

namespace godwit::daemon {

// "tables.NAME: why not", each: stores, tables and LMTP servers that are asked, but for which the running configuration
// asks something else, or the same otherwise.  Files are no such: what they are read for is the same in a check.
std::vector<std::string> foreign_sources(const config::Settings& running, const config::Settings& draft);

}  // namespace godwit::daemon
