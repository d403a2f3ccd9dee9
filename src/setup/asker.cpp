// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/asker.hpp"

#include <exception>

#include <boost/asio/co_spawn.hpp>

#include "godwit/base/random.hpp"
#include "godwit/net/ares_transport.hpp"

namespace godwit::setup {

void ask_dns(const dns::Settings& settings, const base::Clock& clock, const Questions& questions) {
  net::Reactor reactor(clock);
  base::SystemRandom random;
  auto decided = settings;
  decided.trust_ad = net::decide_trust_ad(settings);
  net::AresTransport transport(reactor.executor(), settings, random);
  dns::CachingResolver resolver(transport, clock, decided);
  std::exception_ptr thrown;
  auto asking = questions(reactor, resolver);
  boost::asio::co_spawn(reactor.executor(), std::move(asking), [&](std::exception_ptr exception) {
    thrown = std::move(exception);
    reactor.stop();
  });
  reactor.run();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace godwit::setup
