// SPDX-License-Identifier: Apache-2.0
// Whether the DNS servers validate what they answer (DNSSEC), without which DANE protects nobody: asked at the start,
// every hour, and every minute while they say nothing.  What is found is logged when it changes.  Home reactor.
#pragma once

#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/dns/caching_resolver.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/reactor.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/route/settings.hpp"

namespace godwit::daemon {

// By delivery.dane, or a level that demands it.
bool wants_dane(const route::Settings& settings);
// What is lost, and what the administrator can do; "" where all is well or nothing is known.
std::string_view remark(dns::Validation validation);
// Asks once, on a thread of its own reactor.  Blocks: for --check.
dns::Validation check_validation(const dns::Settings& settings, const base::Clock& clock);

class ResolverWatch {
 public:
  ResolverWatch(net::Reactor& reactor, const base::Clock& clock, log::Logger& log)
      : clock_(clock), log_(log), stop_(reactor.executor(), reactor.deadlines()) {}

  // Until stop().  The resolver outlives it.
  boost::asio::awaitable<void> run(dns::CachingResolver& resolver);
  void stop() { stop_.cancel(); }
  dns::Validation found() const { return found_; }

 private:
  void note(dns::Validation found);

  const base::Clock& clock_;
  log::Logger& log_;
  net::Signal stop_;
  dns::Validation found_ = dns::Validation::unknown;
};

}  // namespace godwit::daemon
