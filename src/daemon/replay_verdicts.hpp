// SPDX-License-Identifier: Apache-2.0
// What one configuration makes of an envelope, in the words by which two configurations are compared.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/control/replay.hpp"
#include "godwit/dispatch/find_ways.hpp"
#include "godwit/dispatch/site_limits.hpp"
#include "godwit/server/rehearsal.hpp"

namespace godwit::daemon {

// Of one configuration.
struct ReplayedRules {
  server::RehearsalRules rehearsal;
  dispatch::SiteLimits limits;
  std::size_t messages_per_connection = 0;  // over SMTP, where a site is given no number of its own
};

// How hosts are named: as the configuration does, or as DNS did.
enum class WayWords { without_dns, with_dns };

// "mx", "smtp:[10.0.0.5]:2525 as relay", "maildir:/var/vmail/{domain}/{local}", "lmtp:unix:/run/lmtp", "none: 550 …".
// Pure.
std::string route_words(const route::Hop& hop, WayWords words);
// Of a hop over SMTP: "verify mx.example.net"; of others "".  tls_name: that the route asks for, or "".  Pure.
std::string tls_words(const route::Hop& hop, const std::string& tls_name);
// "at most 5 connections, 100/min messages, 20 messages a connection"; usual: messages a connection.  Pure.
std::string limits_words(const route::Hop& hop, const dispatch::SiteLimits::Given& given, std::size_t usual);

// One verdict for each recipient of the envelope; one in all where it has none.  What is referred to outlives the call.
boost::asio::awaitable<std::vector<control::ReplayVerdict>> replay_verdicts(const ReplayedRules& rules,
                                                                            server::PastEnvelope envelope,
                                                                            dispatch::WaySources sources,
                                                                            WayWords words);

}  // namespace godwit::daemon
