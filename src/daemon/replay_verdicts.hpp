// SPDX-License-Identifier: Apache-2.0
// What one configuration makes of an envelope, in the words by which two configurations are compared.
#pragma once

#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/control/replay.hpp"
#include "godwit/dispatch/find_ways.hpp"
#include "godwit/server/rehearsal.hpp"

namespace godwit::daemon {

// How hosts are named: as the configuration does, or as DNS did.
enum class WayWords { without_dns, with_dns };

// "mx", "smtp:[10.0.0.5]:2525 as relay", "maildir:/var/vmail/{domain}/{local}", "lmtp:unix:/run/lmtp", "none: 550 …".
// Pure.
std::string route_words(const route::Hop& hop, WayWords words);
// Of a hop over SMTP: "verify mx.example.net"; of others "".  tls_name: that the route asks for, or "".  Pure.
std::string tls_words(const route::Hop& hop, const std::string& tls_name);

// One verdict for each recipient of the envelope; one in all where it has none.  What is referred to outlives the call.
boost::asio::awaitable<std::vector<control::ReplayVerdict>> replay_verdicts(const server::RehearsalRules& rules,
                                                                            server::PastEnvelope envelope,
                                                                            dispatch::WaySources sources,
                                                                            WayWords words);

}  // namespace godwit::daemon
