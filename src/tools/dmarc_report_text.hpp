// SPDX-License-Identifier: Apache-2.0
// What is known of reports of DMARC, as text for people; see report.hpp.
#pragma once

#include <string>

#include <boost/json/value.hpp>

namespace godwit::tools {

// What was counted and is not sent yet.
std::string dmarc_waiting_text(const boost::json::value& waiting);
// What others reported; of one domain with the clients that sent in its name.
std::string dmarc_summary_text(const boost::json::value& summary);

}  // namespace godwit::tools
