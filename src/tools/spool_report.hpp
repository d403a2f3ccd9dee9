// SPDX-License-Identifier: Apache-2.0
// What check_spool() found, as JSON and as text for people.  Pure.
#pragma once

#include <string>

#include <boost/json/value.hpp>

#include "godwit/spool/inspect.hpp"

namespace godwit::tools {

boost::json::value to_json(const spool::SpoolReport& report, const std::string& directory);
std::string to_text(const spool::SpoolReport& report, const std::string& directory);
// "damaged: journal/00000001.seg at 4096 (4096 bytes): checksums do not hold"
std::string to_text(const spool::Fault& fault);

}  // namespace godwit::tools
