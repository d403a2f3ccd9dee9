// SPDX-License-Identifier: Apache-2.0
#include "dane.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "godwit/net/tls.hpp"

namespace godwit::route {
namespace {

using boost::asio::awaitable;

TlsPolicy skipped(std::string why) {
  return {.level = TlsLevel::dane, .source = "dane", .skip = std::move(why)};
}

// The names under which there may be TLSA records, the best first (RFC 7671 section 7, RFC 7672 section 2.2.2).
struct Bases {
  std::vector<std::string> names;
  std::string failure;
};

awaitable<Bases> bases_of(DaneHost host, dns::Resolver& resolver) {
  Bases bases;
  const bool aliased = host.canonical_name != host.name;
  if (host.secure) {
    if (aliased) bases.names.push_back(host.canonical_name);
    bases.names.push_back(host.name);
  } else if (aliased) {
    // What is behind the alias is not signed, but the alias itself may be.
    const auto alias = co_await resolver.cname(host.name);
    if (alias.status == dns::Status::temporary)
      bases.failure = fmt::format("DNS lookup of the alias {} failed: {}", host.name, alias.why);
    else if (alias.status == dns::Status::found && alias.authentic)
      bases.names.push_back(host.name);
  }
  co_return bases;
}

// RFC 7672 section 3.2.2; the TLSA base domain first.
std::vector<std::string> reference_names(const std::string& base, const DaneHost& host) {
  std::vector<std::string> names = {base};
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  if (host.domain.empty()) {
    add(host.name);
  } else {
    add(host.domain);
    add(host.canonical_domain);
  }
  return names;
}

TlsPolicy made_of(std::vector<dns::Tlsa> records, const std::string& base, const DaneHost& host) {
  std::erase_if(records, [](const dns::Tlsa& record) { return !net::is_usable(record); });
  if (records.empty()) return {.level = TlsLevel::require, .source = "dane"};
  return {.level = TlsLevel::dane,
          .names = reference_names(base, host),
          .tlsa = std::move(records),
          .source = "dane",
          .skip = {}};
}

}  // namespace

awaitable<TlsPolicy> dane_policy(TlsPolicy otherwise, DaneHost host, dns::Resolver& resolver) {
  const auto bases = co_await bases_of(host, resolver);
  if (!bases.failure.empty()) co_return skipped(bases.failure);
  for (const auto& base : bases.names) {
    const auto answer = co_await resolver.tlsa(fmt::format("_{}._tcp.{}", host.port, base));
    if (answer.status == dns::Status::temporary)
      co_return skipped(fmt::format("TLSA lookup for {} failed: {}", base, answer.why));
    // An answer that is not signed speaks for nobody.
    if (answer.status != dns::Status::found || !answer.authentic) continue;
    auto policy = made_of(answer.records, base, host);
    if (otherwise.level == TlsLevel::dane && policy.level != TlsLevel::dane)
      policy.skip = fmt::format("no TLSA record of {} can be used", base);
    co_return policy;
  }
  co_return otherwise;
}

}  // namespace godwit::route
