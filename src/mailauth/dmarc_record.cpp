// SPDX-License-Identifier: Apache-2.0
// What a DMARC record says (RFC 9989 section 4.7).
#include "characters.hpp"
#include "dmarc_inquiry.hpp"
#include "domain.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::string_view version = "v=DMARC1";
constexpr std::string_view mailto = "mailto:";
constexpr std::size_t most_reports = 8;

// The first of this name.  What has another form is passed over (section 4.7: syntax errors are ignored).
std::optional<std::string_view> tag_in(std::string_view text, std::string_view name) {
  for (const auto part : base::split(text, ';')) {
    const auto equals = part.find('=');
    if (equals != std::string_view::npos && base::trim(part.substr(0, equals)) == name)
      return base::trim(part.substr(equals + 1));
  }
  return {};
}

std::optional<DmarcPolicy> policy_named(std::optional<std::string_view> name) {
  if (!name) return {};
  for (const auto policy : {DmarcPolicy::none, DmarcPolicy::quarantine, DmarcPolicy::reject})
    if (base::iequals(*name, to_string(policy))) return policy;
  return {};
}

// "10m": 10 MiB, without a unit octets (RFC 7489 section 6.2).
std::optional<std::uint64_t> report_size(std::string_view text) {
  constexpr std::string_view units = "kmgt";
  constexpr std::uint64_t greatest = 1U << 20U;
  unsigned shift = 0;
  if (const auto unit = text.empty() ? std::string_view::npos : units.find(to_lower(text.back()));
      unit != std::string_view::npos) {
    shift = 10 * (static_cast<unsigned>(unit) + 1);
    text.remove_suffix(1);
  }
  const auto number = base::parse_unsigned(text);
  if (!number || (shift != 0 && *number > greatest)) return {};
  return *number << shift;
}

// "mailto:a@b.example!10m"; nothing: no address, or a scheme that is not known.
std::optional<ReportUri> report_uri(std::string_view uri) {
  if (!base::istarts_with(uri, mailto)) return {};
  uri.remove_prefix(mailto.size());
  ReportUri result;
  if (const auto mark = uri.find('!'); mark != std::string_view::npos) {
    const auto size = report_size(uri.substr(mark + 1));
    if (!size) return {};
    result.largest = *size;
    uri = uri.substr(0, mark);
  }
  auto address = base::percent_decode(uri.substr(0, uri.find('?')));
  const auto at = address ? address->rfind('@') : std::string::npos;
  if (at == std::string::npos || at == 0 || !is_domain_name(std::string_view(*address).substr(at + 1))) return {};
  result.address = std::move(*address);
  return result;
}

bool says(std::string_view text, std::string_view name, char value) {
  const auto said = tag_in(text, name);
  return said && said->size() == 1 && to_lower(said->front()) == value;
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

std::vector<ReportUri> report_uris(std::string_view record) {
  std::vector<ReportUri> uris;
  for (const auto part : base::split(tag_in(record, "rua").value_or(""), ',')) {
    auto uri = report_uri(base::trim(part));
    if (uri && uris.size() < most_reports) uris.push_back(std::move(*uri));
  }
  return uris;
}

// Section 4.10.1: a policy that cannot be read counts as "none", where its owner at least wants reports.
base::Result<DmarcRecord> parse_dmarc_record(std::string_view text) {
  if (!is_dmarc_record(text)) return base::fail(base::ErrorKind::invalid, "it does not begin with v=DMARC1");
  DmarcRecord record;
  record.reports = report_uris(text);
  std::string wrong;
  const auto policy_of = [&](std::string_view name) {
    const auto policy = policy_named(tag_in(text, name));
    if (!policy && tag_in(text, name)) wrong = name;
    return policy;
  };
  const auto policy = policy_of("p");
  record.subdomains = policy_of("sp");
  record.non_existent = policy_of("np");
  if (!wrong.empty()) {
    if (record.reports.empty()) return base::fail(base::ErrorKind::invalid, "an unknown policy in " + wrong + "=");
    record.subdomains.reset();
    record.non_existent.reset();
  } else {
    record.policy = policy.value_or(DmarcPolicy::none);
  }
  record.strict_dkim = says(text, "adkim", 's');
  record.strict_spf = says(text, "aspf", 's');
  record.is_testing = says(text, "t", 'y');
  if (says(text, "psd", 'y')) record.suffix = DmarcRecord::Suffix::yes;
  if (says(text, "psd", 'n')) record.suffix = DmarcRecord::Suffix::no;
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
