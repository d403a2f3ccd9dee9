// SPDX-License-Identifier: Apache-2.0
// Events of messages as JSON: the fields that the log has, under the same names; a transcript as a list of lines.
#pragma once

#include <boost/json/value.hpp>

#include "godwit/control/backend.hpp"

namespace godwit::control {

boost::json::value to_json(const Trace& trace);
boost::json::value to_json(const state::HistoryFound& found);

}  // namespace godwit::control
