// SPDX-License-Identifier: Apache-2.0
// What a DMARC record says (RFC 9989 section 4.7).
#include "characters.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mailauth/dmarc.hpp"
#include "tag_list.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::string_view version = "v=DMARC1";
constexpr std::string_view mailto = "mailto:";
constexpr std::size_t most_reports = 8;

std::optional<DmarcPolicy> policy_named(std::optional<std::string_view> name) {
  if (!name) return {};
  for (const auto policy : {DmarcPolicy::none, DmarcPolicy::quarantine, DmarcPolicy::reject})
    if (base::iequals(*name, to_string(policy))) return policy;
  return {};
}

// Addresses of mailto: URIs; a size behind "!", as RFC 7489 had it, says nothing any more.
std::vector<std::string> report_addresses(std::string_view value) {
  std::vector<std::string> addresses;
  for (auto uri : base::split(value, ',')) {
    uri = base::trim(uri);
    if (!base::istarts_with(uri, mailto)) continue;
    uri = uri.substr(mailto.size(), uri.find_first_of("!?") - mailto.size());
    auto address = base::percent_decode(uri);
    if (address && !address->empty() && addresses.size() < most_reports) addresses.push_back(std::move(*address));
  }
  return addresses;
}

bool says(const TagList& tags, std::string_view name, char value) {
  const auto text = tags.find(name);
  return text && text->size() == 1 && to_lower(text->front()) == value;
}

}  // namespace

bool is_dmarc_record(std::string_view text) {
  const auto end = text.find(';');
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals > end) return false;
  return base::trim(text.substr(0, equals)) == version.substr(0, 1) &&
         base::trim(text.substr(equals + 1, end == std::string_view::npos ? end : end - equals - 1)) ==
             version.substr(2);
}

base::Result<DmarcRecord> parse_dmarc_record(std::string_view text) {
  const auto tags = TagList::parse(text);
  if (!tags) return std::unexpected(tags.error());
  DmarcRecord record;
  record.reports = report_addresses(tags->find("rua").value_or(""));
  const auto policy = policy_named(tags->find("p"));
  // Without a policy that can be read it counts as "none", where its owner at least wants reports.
  if (!policy && record.reports.empty() && tags->find("p"))
    return base::fail(base::ErrorKind::invalid, "an unknown policy");
  record.policy = policy.value_or(DmarcPolicy::none);
  record.subdomains = policy_named(tags->find("sp"));
  record.non_existent = policy_named(tags->find("np"));
  record.strict_dkim = says(*tags, "adkim", 's');
  record.strict_spf = says(*tags, "aspf", 's');
  record.is_testing = says(*tags, "t", 'y');
  if (says(*tags, "psd", 'y')) record.suffix = DmarcRecord::Suffix::yes;
  if (says(*tags, "psd", 'n')) record.suffix = DmarcRecord::Suffix::no;
  return record;
}

std::string_view to_string(DmarcPolicy policy) {
  switch (policy) {
    case DmarcPolicy::none:
      return "none";
    case DmarcPolicy::quarantine:
      return "quarantine";
    case DmarcPolicy::reject:
      break;
  }
  return "reject";
}

}  // namespace godwit::mailauth
