// SPDX-License-Identifier: Apache-2.0
// The ways of recipients, by one router and without a queue: for the dispatcher, and for who tries out another
// configuration.  Nothing is sent.  On the reactor of the resolver.
#pragma once

#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/random.hpp"
#include "godwit/dispatch/way.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/route/router.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::dispatch {

struct WaySources {
  dns::Resolver& resolver;
  base::Random& random;
  route::StsSource* sts = nullptr;  // null: there are no MTA-STS policies
};

// One for each destination, without what a queue would know: `site`, `queued` and limits.  What is referred to outlives
// the call.
boost::asio::awaitable<std::vector<Way>> find_ways(const route::Router& router, std::vector<mail::Recipient> recipients,
                                                   smtp::ReversePath sender, WaySources sources);
// Held for want of a way, or none at all.
bool leads_nowhere(const route::Hop& hop);

}  // namespace godwit::dispatch
