// SPDX-License-Identifier: Apache-2.0
// The doctor's examinations, one noun each.  Those that wait run on the reactor; what they refer to outlives them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/dns/caching_resolver.hpp"
#include "godwit/net/reactor.hpp"
#include "godwit/setup/doctor.hpp"

namespace godwit::setup {

struct Patient {
  const config::Settings& settings;
  std::vector<base::IpAddress> addresses;  // by which others know it
  std::vector<std::string> domains;
  std::vector<std::string> blocklists;
  std::vector<std::string> destinations;  // domains of others
  base::WallTime now;
  bool is_offline = false;  // DNS is a file
  dns::Resolver& resolver;
  net::Reactor& reactor;
};

using Examination = boost::asio::awaitable<void>;

Examination check_reverse(const Patient& patient, Findings& findings);
Examination check_hostname(const Patient& patient, Findings& findings);
Examination check_mx(const Patient& patient, Findings& findings);
Examination check_spf_records(const Patient& patient, Findings& findings);
Examination check_dkim_keys(const Patient& patient, Findings& findings);
Examination check_dmarc_records(const Patient& patient, Findings& findings);
Examination check_mta_sts(const Patient& patient, Findings& findings);
Examination check_tls_reporting(const Patient& patient, Findings& findings);
Examination check_tlsa(const Patient& patient, Findings& findings);
Examination check_listeners(const Patient& patient, Findings& findings);
Examination check_outgoing(const Patient& patient, Findings& findings);
Examination check_relaying(const Patient& patient, Findings& findings);
Examination check_blocklists(const Patient& patient, Findings& findings);
void check_certificates(const Patient& patient, Findings& findings);
void check_machine(const config::Settings& settings, const DoctorWishes& wishes, const MachineProbe& machine,
                   Findings& findings);

// "tag" of "v=X; tag=value; ...", without blanks; empty: there is none.
std::string tag_of(std::string_view text, std::string_view tag);
// What is said of a name that DNS could not tell about.
std::string no_answer(std::string_view name, std::string_view why);
inline constexpr const char* ask_again = "look at the resolver (dns.servers, /etc/resolv.conf), then run this again";
// The addresses from which mail leaves: of all deliveries, and of routes.  They are the settings'.
std::vector<const route::SourceAddress*> all_sources(const config::Settings& settings);
// The port at which others reach service mx.
std::uint16_t mx_port(const config::Settings& settings);

}  // namespace godwit::setup
