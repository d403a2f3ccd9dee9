// SPDX-License-Identifier: Apache-2.0
#include "resolver_watch.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "godwit/base/random.hpp"
#include "godwit/net/ares_transport.hpp"

namespace godwit::daemon {
namespace {

constexpr base::Duration while_unknown = std::chrono::minutes(1);
constexpr base::Duration while_known = std::chrono::hours(1);

}  // namespace

bool wants_dane(const route::Settings& settings) {
  const auto demands = [](route::TlsLevel level) { return level == route::TlsLevel::dane; };
  return settings.dane || demands(settings.tls) ||
         std::ranges::any_of(settings.routes, [&](const auto& route) { return route.has_tls && demands(route.tls); });
}

std::string_view remark(dns::Validation validation) {
  switch (validation) {
    case dns::Validation::missing:
      return "the DNS servers do not validate (DNSSEC), though dns.trust_ad trusts them: delivery.dane protects "
             "nothing; "
             "use a resolver that validates";
    case dns::Validation::untrusted:
      return "dns.trust_ad does not trust the DNS servers, which are not on this machine: delivery.dane protects "
             "nothing; "
             "a validating resolver on 127.0.0.1 would";
    case dns::Validation::unknown:
    case dns::Validation::works:
      break;
  }
  return {};
}

dns::Validation check_validation(const dns::Settings& settings, const base::Clock& clock) {
  boost::asio::io_context context;
  base::SystemRandom random;
  auto decided = settings;
  decided.trust_ad = net::decide_trust_ad(settings);
  net::AresTransport transport(context.get_executor(), settings, random);
  dns::CachingResolver resolver(transport, clock, decided);
  auto asking = resolver.validation();
  auto found = boost::asio::co_spawn(context, std::move(asking), boost::asio::use_future);
  context.run();
  return found.get();
}

boost::asio::awaitable<void> ResolverWatch::run(dns::CachingResolver& resolver) {
  for (;;) {
    const auto found = co_await resolver.validation();
    note(found);
    const auto next = clock_.mono() + (found == dns::Validation::unknown ? while_unknown : while_known);
    auto woken = co_await stop_.wait(next);
    if (!woken && woken.error().kind == base::ErrorKind::cancelled) co_return;
  }
}

// While nothing is known, what was known before stays.
void ResolverWatch::note(dns::Validation found) {
  if (found == dns::Validation::unknown || found == found_) return;
  found_ = found;
  if (found == dns::Validation::works) return log_.info("dns_validates");
  // Where nobody said that the servers could be trusted, nothing is wrong.
  if (found == dns::Validation::untrusted) return log_.info("dns_does_not_validate", {{"reason", remark(found)}});
  log_.warn("dns_does_not_validate", {{"reason", remark(found)}});
}

}  // namespace godwit::daemon
