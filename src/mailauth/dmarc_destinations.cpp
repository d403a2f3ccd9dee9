// SPDX-License-Identifier: Apache-2.0
// Whether those who shall get reports have agreed to it, where they are not the owner of the policy (RFC 9990 section
// 4): else anybody could have them sent to anybody.
#include <algorithm>
#include <utility>

#include "dmarc_inquiry.hpp"
#include "domain.hpp"
#include "godwit/base/text.hpp"

namespace godwit::mailauth {
namespace {

using boost::asio::awaitable;

constexpr std::size_t most_confirmations = 8;  // records of one name that are looked at

std::string host_of(const ReportUri& uri) {
  return base::to_lower(uri.address.substr(uri.address.rfind('@') + 1));
}

void add_once(std::vector<ReportUri> some, std::vector<ReportUri>& to) {
  for (auto& uri : some)
    if (std::ranges::find(to, uri.address, &ReportUri::address) == to.end()) to.push_back(std::move(uri));
}

class Verification {
 public:
  Verification(dns::Resolver& resolver, OrganizationalDomain rule)
      : resolver_(resolver), inquiry_(resolver, std::move(rule)) {}

  awaitable<DmarcDestinations> destinations(std::string domain) {
    DmarcDestinations result;
    const auto record = co_await inquiry_.record_at(domain);
    if (record) {
      for (const auto& uri : record->reports) {
        auto taking = takers(domain, uri);
        auto some = co_await std::move(taking);
        if (some.empty()) result.refused.push_back(uri.address);
        add_once(std::move(some), result.to);
      }
    }
    result.temporary = temporary_ || !inquiry_.temporary().empty();
    co_return result;
  }

 private:
  // The address itself, or what its host wants instead; none: its host does not agree.
  awaitable<std::vector<ReportUri>> takers(std::string domain, ReportUri uri) {
    const auto host = host_of(uri);
    if (host == domain) co_return std::vector<ReportUri>{std::move(uri)};
    const auto ours = co_await inquiry_.organization_of(domain);
    const auto theirs = co_await inquiry_.organization_of(host);
    if (ours == theirs) co_return std::vector<ReportUri>{std::move(uri)};
    auto name = domain + "._report._dmarc." + host;
    if (!is_domain_name(name)) co_return std::vector<ReportUri>();
    const auto answer = co_await resolver_.txt(std::move(name));
    temporary_ = temporary_ || answer.status == dns::Status::temporary;
    co_return confirmed(answer.records, std::move(uri), host);
  }

  // One record that confirms is enough.  Where one names other addresses they take the place of ours, but only within
  // the same host.
  static std::vector<ReportUri> confirmed(const std::vector<std::string>& records, ReportUri uri,
                                          const std::string& host) {
    bool agrees = false;
    std::vector<ReportUri> instead;
    for (std::size_t i = 0; i < std::min(records.size(), most_confirmations); ++i) {
      if (!is_dmarc_record(records[i])) continue;
      agrees = true;
      add_once(report_uris(records[i]), instead);
    }
    if (!agrees) return {};
    if (instead.empty()) return {std::move(uri)};
    const bool within = std::ranges::all_of(instead, [&](const auto& one) { return host_of(one) == host; });
    return within ? instead : std::vector<ReportUri>();
  }

  dns::Resolver& resolver_;
  DmarcInquiry inquiry_;
  bool temporary_ = false;
};

}  // namespace

awaitable<DmarcDestinations> find_dmarc_destinations(dns::Resolver& resolver, std::string domain,
                                                     OrganizationalDomain organizational_domain) {
  Verification verification(resolver, std::move(organizational_domain));
  auto finding = verification.destinations(base::to_lower(domain));
  auto found = co_await std::move(finding);
  co_return found;
}

}  // namespace godwit::mailauth
