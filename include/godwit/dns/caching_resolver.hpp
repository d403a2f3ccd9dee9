// SPDX-License-Identifier: Apache-2.0
// The Resolver over a Transport: builds queries, reads answers, remembers them.  One per reactor; not thread-safe.
//
//  * An answer is remembered for the smallest TTL on its way through the CNAMEs, at most a day; "no such name" and "no
//  such
//    record" as the zone's SOA says (RFC 2308), at most an hour, and not at all without a SOA.  TTL 0 is not
//    remembered.
//  * Temporary failures are never remembered; those who ask the same while a query is under way share its answer.
//  * The number of entries is bounded (settings.cache_entries); the least recently used is forgotten first.
//  * `authentic` needs the AD bit of every answer on the way, and settings that trust it: yes, or automatic with
//  servers that
//    are all loopback addresses.  (For the system's servers, net::decide_trust_ad makes automatic into yes or no.)
//
// Lifetime: outlives every call.  A name that cannot be asked for (empty label, too long, odd bytes) is `no_name`.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "godwit/base/clock.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/dns/settings.hpp"

namespace godwit::dns {

// Whether the servers validate what they answer (DNSSEC), as far as one question shows it.
enum class Validation {
  unknown,    // no answer
  works,      // signed answers are authentic
  missing,    // they are not
  untrusted,  // they may be, but settings do not trust the servers for it
};
std::string_view to_string(Validation validation);

class CachingResolver final : public Resolver {
 public:
  CachingResolver(Transport& transport, const base::Clock& clock, const Settings& settings);
  ~CachingResolver() override;

  boost::asio::awaitable<Answer<Mx>> mx(std::string name) override;
  boost::asio::awaitable<Answer<base::IpAddress>> addresses(std::string name, Family family) override;
  boost::asio::awaitable<Answer<std::string>> txt(std::string name) override;
  boost::asio::awaitable<Answer<std::string>> ptr(base::IpAddress address) override;
  boost::asio::awaitable<Answer<Tlsa>> tlsa(std::string name) override;
  boost::asio::awaitable<Answer<std::string>> cname(std::string name) override;
  void flush() override;
  // Asks for the root's name servers, which are signed; never from the cache.
  boost::asio::awaitable<Validation> validation();

  std::size_t cached() const;  // entries, for metrics

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// Whether resolv.conf(5) says that the AD bit may be trusted: "options trust-ad", or all its name servers (none:
// 127.0.0.1) are on this machine.
bool resolv_conf_trusts_ad(std::string_view text);

}  // namespace godwit::dns
