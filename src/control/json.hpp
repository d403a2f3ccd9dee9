// SPDX-License-Identifier: Apache-2.0
// The backend's values as JSON: the words that scripts rely on.  Times are RFC 3339, durations seconds, what is unknown
// null.
#pragma once

#include <boost/json/value.hpp>

#include "godwit/control/backend.hpp"

namespace godwit::control {

boost::json::value to_json(const Status& status);
// One line of the list: the message as a whole.
boost::json::value summary_to_json(const QueueEntry& entry);
// All there is to know: every recipient and destination.
boost::json::value to_json(const QueueEntry& entry);
boost::json::value to_json(const DestinationPage& page);
boost::json::value to_json(const queue::SiteView& site);
boost::json::value to_json(const std::vector<Lockouts::Lockout>& lockouts, std::size_t limit);
boost::json::value to_json(const std::vector<LimitUse>& limits, std::size_t limit, std::size_t skipped);
boost::json::value to_json(const std::vector<Suppression>& suppressions, std::size_t limit);
boost::json::value to_json(const ReloadResult& result);

}  // namespace godwit::control
