// SPDX-License-Identifier: Apache-2.0
// Runs what asks DNS and the network on a reactor of its own, on this thread, to its end: for tools, which may block.
#pragma once

#include <functional>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/dns/caching_resolver.hpp"
#include "godwit/dns/settings.hpp"
#include "godwit/net/reactor.hpp"

namespace godwit::setup {

using Questions = std::function<boost::asio::awaitable<void>(net::Reactor&, dns::CachingResolver&)>;

// Throws what the questions throw, and what net::AresTransport's constructor does.  `questions` outlives the call.
void ask_dns(const dns::Settings& settings, const base::Clock& clock, const Questions& questions);

}  // namespace godwit::setup
