// SPDX-License-Identifier: Apache-2.0
// Whether receivers can verify the domains' signatures (DKIM), and know what to do without one (DMARC).
#include <algorithm>

#include <fmt/format.h>

#include "checks.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mailauth/dmarc.hpp"
#include "godwit/setup/key_file.hpp"

namespace godwit::setup {
namespace {

std::string without_blanks(std::string_view text) {
  std::string result;
  std::ranges::copy_if(text, std::back_inserter(result), [](char c) { return c != ' ' && c != '\t'; });
  return result;
}

boost::asio::awaitable<void> check_key(const Patient& patient, mailauth::SigningKey settings, Findings& findings) {
  constexpr const char* check = "dkim";
  const auto name = fmt::format("{}._domainkey.{}", settings.selector, settings.domain);
  const auto key = read_key(settings.private_key);
  if (!key)
    co_return findings.problem(check, name, key.error().message,
                               "put the key back, or make a new one: godwitctl dkim rotate " + settings.domain);
  const auto publish =
      fmt::format("publish what this prints: godwitctl dkim record {} {}", settings.domain, settings.selector);
  const auto answer = co_await patient.resolver.txt(name);
  if (answer.status == dns::Status::temporary)
    co_return findings.warn(check, name, no_answer("the key's record", answer.why), ask_again);
  if (answer.records.empty())
    co_return findings.problem(check, name, "mail is signed with a key that DNS does not have", publish);
  if (answer.records.size() > 1)
    co_return findings.problem(check, name, "there is more than one record, which counts as none", "leave only one");
  const auto published = tag_of(answer.records.front(), "p");
  if (published.empty())
    co_return findings.problem(check, name, "its record has no key, or says that it is revoked", publish);
  if (published != without_blanks(key->public_text()))
    co_return findings.problem(check, name, "the key in DNS is not that of " + settings.private_key, publish);
  findings.ok(check, name, fmt::format("{} {}, as in {}", to_string(key->kind()), key->bits(), settings.private_key));
}

boost::asio::awaitable<void> check_dmarc_of(const Patient& patient, std::string domain, Findings& findings) {
  constexpr const char* check = "dmarc";
  const auto name = "_dmarc." + domain;
  const auto publish = fmt::format("publish: {}. IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@{}\"", name, domain);
  const auto answer = co_await patient.resolver.txt(name);
  if (answer.status == dns::Status::temporary)
    co_return findings.warn(check, domain, no_answer(name, answer.why), ask_again);
  std::vector<std::string> records;
  std::ranges::copy_if(answer.records, std::back_inserter(records), mailauth::is_dmarc_record);
  if (records.empty())
    co_return findings.problem(check, domain, "there is no DMARC record; large providers want one", publish);
  if (records.size() > 1)
    co_return findings.problem(check, domain, "there is more than one record, which counts as none", "leave only one");
  const auto record = mailauth::parse_dmarc_record(records.front());
  if (!record) co_return findings.problem(check, domain, "the record is wrong: " + record.error().message, publish);
  if (record->policy == mailauth::DmarcPolicy::none && record->reports.empty())
    co_return findings.warn(check, domain, records.front() + ": it asks for nothing, not even for reports", publish);
  findings.ok(check, domain, records.front());
}

}  // namespace

std::string tag_of(std::string_view text, std::string_view tag) {
  for (const auto part : base::split(text, ';')) {
    const auto equals = part.find('=');
    if (equals != std::string_view::npos && base::iequals(base::trim(part.substr(0, equals)), tag))
      return without_blanks(part.substr(equals + 1));
  }
  return {};
}

boost::asio::awaitable<void> check_dkim_keys(const Patient& patient, Findings& findings) {
  const auto& keys = patient.settings.mailauth.keys;
  for (const auto& key : keys) co_await check_key(patient, key, findings);
  for (const auto& domain : patient.domains) {
    const auto is_signed = std::ranges::any_of(
        keys, [&](const auto& key) { return domain == key.domain || domain.ends_with("." + key.domain); });
    if (!is_signed)
      findings.warn("dkim", domain, "its users' mail is not signed",
                    fmt::format("godwitctl dkim generate {} SELECTOR", domain));
  }
}

boost::asio::awaitable<void> check_dmarc_records(const Patient& patient, Findings& findings) {
  for (const auto& domain : patient.domains) co_await check_dmarc_of(patient, domain, findings);
}

}  // namespace godwit::setup
