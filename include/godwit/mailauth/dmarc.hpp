// SPDX-License-Identifier: Apache-2.0
// DMARC (RFC 9989): whether the domain that the reader sees in From stands behind a message, and what it wants done
// when not.  Asked after SPF and DKIM.  Runs on the resolver's reactor.  Bounded: 8 look-ups for each domain, and so
// many domains.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/result.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mailauth/organizational_domain.hpp"

namespace godwit::mailauth {

enum class DmarcPolicy { none, quarantine, reject };
std::string_view to_string(DmarcPolicy policy);

// A mailto: of rua=.
struct ReportUri {
  std::string address{};
  std::uint64_t largest = 0;  // octets of the mail, by "!10m"; 0: any
  bool operator==(const ReportUri&) const = default;
};

struct DmarcRecord {
  DmarcPolicy policy = DmarcPolicy::none;
  std::optional<DmarcPolicy> subdomains{};    // sp=
  std::optional<DmarcPolicy> non_existent{};  // np=
  bool strict_dkim = false;
  bool strict_spf = false;
  bool is_testing = false;                                          // t=y
  enum class Suffix { unknown, yes, no } suffix = Suffix::unknown;  // psd=
  std::vector<ReportUri> reports{};                                 // rua=
};
// Whether a TXT record is of DMARC.
bool is_dmarc_record(std::string_view text);
base::Result<DmarcRecord> parse_dmarc_record(std::string_view text);

enum class DmarcResult { none, pass, fail, temp_error, perm_error };  // RFC 8601 section 2.7.x
std::string_view to_string(DmarcResult result);

struct DmarcVerdict {
  DmarcResult result = DmarcResult::none;
  std::string domain{};                       // of From, lower case
  std::string policy_domain{};                // where the record was; empty: there is none
  DmarcPolicy published = DmarcPolicy::none;  // for this domain: of p, sp and np the one that applies
  DmarcPolicy wanted = DmarcPolicy::none;     // what is to be done: `published` if it failed, milder while it is tested
  bool spf_aligned = false;
  bool dkim_aligned = false;
  DmarcRecord record{};
  std::string reason{};
};

struct DmarcQuery {
  std::string domain;                            // of From
  std::string spf_domain{};                      // that passed SPF (MAIL FROM, or HELO of <>); empty: none did
  std::vector<std::string> dkim_domains{};       // of signatures that are good
  std::string spf_undecided{};                   // whose SPF could not be looked up now; empty: it could
  std::vector<std::string> dkim_undecided{};     // whose keys could not be looked up now
  OrganizationalDomain organizational_domain{};  // empty: tree walk
};
boost::asio::awaitable<DmarcVerdict> check_dmarc(dns::Resolver& resolver, DmarcQuery query);

// Where the owner of a policy wants its aggregate reports (RFC 9990 sections 3.4 and 4), each address once.
struct DmarcDestinations {
  bool temporary = false;              // a look-up failed for now: ask again later
  std::vector<ReportUri> to{};         // none, and nothing temporary: no reports are wanted
  std::vector<std::string> refused{};  // addresses elsewhere, where nobody says that they take such reports
};
// domain: where the record is.
boost::asio::awaitable<DmarcDestinations> find_dmarc_destinations(dns::Resolver& resolver, std::string domain,
                                                                  OrganizationalDomain organizational_domain);

// The domains of the addresses in From, each once.  Error invalid: there is none, or it cannot be read.
inline constexpr std::size_t most_authors = 4;
base::Result<std::vector<std::string>> author_domains(const mail::Header& header);

}  // namespace godwit::mailauth
