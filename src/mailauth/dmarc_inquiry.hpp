// SPDX-License-Identifier: Apache-2.0
// The look-ups of DMARC: where a policy is, and what belongs to one organisation.  Of one message, or of one report;
// bounded as the header of DMARC says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/dns/resolver.hpp"
#include "godwit/mailauth/dmarc.hpp"

namespace godwit::mailauth {

// What rua= of a record says, as far as it can be read; so many at most.
std::vector<ReportUri> report_uris(std::string_view record);

class DmarcInquiry {
 public:
  struct Found {
    std::string domain;
    DmarcRecord record;
  };

  // other_rule: empty for the tree walk.
  DmarcInquiry(dns::Resolver& resolver, OrganizationalDomain other_rule)
      : resolver_(resolver), other_rule_(std::move(other_rule)) {}

  // At this very domain.
  boost::asio::awaitable<std::optional<DmarcRecord>> record_at(std::string domain);
  // Section 4.10.1: of the domain itself, else of its organisation, else of the public suffix.
  boost::asio::awaitable<std::optional<Found>> policy_for(std::string domain);
  boost::asio::awaitable<std::string> organization_of(std::string domain);
  boost::asio::awaitable<bool> is_any_aligned(std::string author, std::vector<std::string> others, bool strict);
  // Section 4.7, np: a domain without A, AAAA and MX.  What cannot be looked up exists.
  boost::asio::awaitable<bool> exists(std::string domain);

  // Why a look-up for a record failed for now; empty: none did.
  const std::string& temporary() const { return temporary_; }
  // Whether one did below this domain.
  bool failed_below(std::string_view domain) const;

 private:
  boost::asio::awaitable<std::vector<Found>> walk(std::string domain);
  boost::asio::awaitable<bool> is_aligned(std::string author, std::string other, bool strict);

  dns::Resolver& resolver_;
  OrganizationalDomain other_rule_;
  std::string temporary_;
  std::vector<std::string> failed_;  // domains
};

}  // namespace godwit::mailauth
