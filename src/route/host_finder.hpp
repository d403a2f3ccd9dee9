// SPDX-License-Identifier: Apache-2.0
// From a domain or next hop to the hosts to try, in order (RFC 5321 section 5.1, RFC 7505).  Private to route/.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/random.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/route/next_hop.hpp"
#include "godwit/route/router.hpp"
#include "identity.hpp"
#include "tls_rule.hpp"

namespace godwit::route {

inline constexpr std::size_t most_hosts = 10;      // of one domain; the best ones
inline constexpr std::size_t most_addresses = 10;  // of one host

// Hosts (at least one with an address), or why there are none.
using Hosts = std::variant<std::vector<Host>, NoRoute>;

// For one routing; lives in the frame of the coroutine that awaits its calls.
class HostFinder {
 public:
  struct Rules {
    TlsRule tls;
    bool dane = false;  // TLSA records are looked up too
    AddressFamily family = AddressFamily::prefer_ipv6;
  };
  HostFinder(const Identity& self, Rules rules, dns::Resolver& resolver, base::Random& random)
      : self_(self),
        tls_(std::move(rules.tls)),
        dane_(rules.dane),
        family_(rules.family),
        resolver_(resolver),
        random_(random) {}

  // MX of the domain, or its own addresses where it has none; cut at our own preference.
  boost::asio::awaitable<Hosts> of_domain(std::string domain, std::uint16_t port);
  // All that a rule names, tried in order.  What it names and is not there is our administrator's mistake, so
  // temporary.
  boost::asio::awaitable<Hosts> of_next_hops(std::vector<std::string> next_hops, std::uint16_t mx_port);
  // The order for one attempt, each once: one that stands there twice comes first twice as often.
  std::vector<std::string> shuffled(std::vector<std::string> next_hops);
  Host of_address(const base::IpAddress& address, std::uint16_t port) const;
  // Which of the hosts that MX names were left out, as they have no address.
  std::vector<std::string> take_absent() { return std::move(absent_); }

 private:
  struct Addresses {
    std::vector<base::IpAddress> v6, v4;
    bool temporary = false;
    bool own_name = false;
    bool secure = false;         // all that was found was authentic
    std::string canonical_name;  // behind the aliases
    std::string why_none;
  };
  boost::asio::awaitable<Addresses> addresses_of(std::string name);
  // Whose MX hosts they are.
  struct Domain {
    std::string name{};  // empty: a rule names the host itself
    bool has_mx = false;
    bool secure = false;  // the MX answer was authentic
    std::string canonical_name{};
  };
  boost::asio::awaitable<Hosts> with_addresses(Domain domain, std::vector<dns::Mx> exchanges, std::uint16_t port);
  boost::asio::awaitable<TlsPolicy> policy_of(std::string host, Domain domain, Addresses addresses, std::uint16_t port);
  boost::asio::awaitable<Hosts> of_next_hop(NextHop hop, std::uint16_t mx_port);
  std::vector<dns::Mx> in_order(std::vector<dns::Mx> exchanges);
  std::string why_none(const Addresses& addresses) const;
  bool is_ours(const Addresses& addresses, std::uint16_t port) const;
  void take(Host& host, const Addresses& addresses, std::uint16_t port) const;

  const Identity& self_;
  const TlsRule tls_;
  const bool dane_;
  const AddressFamily family_;
  dns::Resolver& resolver_;
  base::Random& random_;
  std::vector<std::string> absent_;
};

}  // namespace godwit::route
