// SPDX-License-Identifier: Apache-2.0
// What can be found out about a machine that shall be a mail host, so that nobody is asked for it.  Blocks on the disk
// and, as far as it is about DNS, on the resolver.
#pragma once

#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/dns/caching_resolver.hpp"
#include "godwit/net/interfaces.hpp"
#include "godwit/net/settings.hpp"

namespace godwit::setup {

// Whether others on the Internet can reach it (RFC 6890).
bool is_public(const base::IpAddress& address);

struct FoundCertificate {
  net::CertificateSettings files;  // below the root
  std::vector<std::string> names;
  base::WallTime not_after;
};

struct MachineFacts {
  std::string hostname;                    // with its domain; empty: the system knows none
  std::vector<base::IpAddress> addresses;  // public ones of the interfaces
  std::vector<FoundCertificate> certificates;
  std::string lmtp_socket;  // Dovecot's; empty: there is none
  bool has_rspamd = false;
  bool has_certbot = false;
};
// `root`: where the machine's files lie; "": here.
MachineFacts find_machine_facts(const std::string& root, const net::Interfaces& interfaces);

// The one for this host that is valid longest; nullptr: there is none that is valid at `now`.
const FoundCertificate* certificate_for(const MachineFacts& facts, const std::string& hostname, base::WallTime now);

struct ReverseName {
  base::IpAddress address;
  std::vector<std::string> names;
  bool is_known = false;  // else DNS did not answer
};
struct DnsFacts {
  dns::Validation validation = dns::Validation::unknown;
  std::vector<ReverseName> reverse;
};
// Takes a quarter of a minute at most.  Throws what net::AresTransport's constructor does.
DnsFacts find_dns_facts(const std::vector<base::IpAddress>& addresses, const dns::Settings& settings,
                        const base::Clock& clock);

}  // namespace godwit::setup
