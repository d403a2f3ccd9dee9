// SPDX-License-Identifier: Apache-2.0
// Whether the host is called what it says (RFC 5321 section 4.1.4; many receivers insist on both directions).
#include <algorithm>

#include <fmt/format.h>

#include "checks.hpp"
#include "godwit/base/text.hpp"

namespace godwit::setup {
namespace {

// Those of the names that lead back to the address.
struct Confirmed {
  std::vector<std::string> names;
  bool is_known = true;
};

boost::asio::awaitable<Confirmed> confirm(const Patient& patient, const base::IpAddress& address,
                                          std::vector<std::string> names) {
  Confirmed confirmed;
  for (const auto& name : names) {
    const auto family = address.is_v4() ? dns::Family::v4 : dns::Family::v6;
    const auto forward = co_await patient.resolver.addresses(name, family);
    if (forward.status == dns::Status::temporary) confirmed.is_known = false;
    if (std::ranges::find(forward.records, address) != forward.records.end()) confirmed.names.push_back(name);
  }
  co_return confirmed;
}

// Whether mail without a pool of its own may leave from it: not if another address is left for that.
bool is_for_all(const Patient& patient, const base::IpAddress& address) {
  const auto is_of_family = [&](const base::IpAddress& one) { return one.is_v4() == address.is_v4(); };
  if (std::ranges::any_of(patient.settings.deliver.source_addresses, is_of_family, &route::SourceAddress::address))
    return false;
  const auto sources = all_sources(patient.settings);
  return std::ranges::none_of(patient.addresses, [&](const base::IpAddress& one) {
    const auto is_it = [&](const auto* source) { return source->address == one; };
    return is_of_family(one) && std::ranges::none_of(sources, is_it);
  });
}

// What the host calls itself (EHLO) where it sends from this address.
std::vector<std::string> names_at(const Patient& patient, const base::IpAddress& address) {
  const auto& settings = patient.settings;
  std::vector<std::string> names;
  if (is_for_all(patient, address)) names.push_back(settings.hostname);
  for (const auto* source : all_sources(settings)) {
    const auto& name = source->hostname.empty() ? settings.hostname : source->hostname;
    if (source->address == address && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  if (names.empty()) names.push_back(settings.hostname);
  return names;
}

// There can be one reverse record.
std::string remedy_at(const std::string& about, const std::vector<std::string>& names) {
  if (names.size() > 1)
    return fmt::format(
        "send under one name from {}, not under {}, and have whoever gave it to you set its reverse record to it",
        about, base::join(names, " and "));
  return fmt::format("have whoever gave you {} set its reverse record to {}", about, names.front());
}

boost::asio::awaitable<void> check_reverse_of(const Patient& patient, base::IpAddress address, Findings& findings) {
  constexpr const char* check = "ptr";
  const auto about = to_string(address);
  const auto names = names_at(patient, address);
  const auto remedy = remedy_at(about, names);
  const auto answer = co_await patient.resolver.ptr(address);
  if (answer.status == dns::Status::temporary)
    co_return findings.warn(check, about, no_answer("its reverse record", answer.why), ask_again);
  if (answer.records.empty())
    co_return findings.problem(check, about, "it has no reverse record; many hosts refuse its mail", remedy);
  const auto confirmed = co_await confirm(patient, address, answer.records);
  const auto said = base::join(answer.records, " ");
  const auto unconfirmed = std::ranges::find_if(
      names, [&](const auto& name) { return std::ranges::find(confirmed.names, name) == confirmed.names.end(); });
  if (unconfirmed == names.end())
    co_return findings.ok(check, about, fmt::format("{} and back", base::join(names, " ")));
  if (!confirmed.names.empty())
    co_return findings.warn(check, about,
                            fmt::format("it is {}, and back, but this host calls itself {} there", said, *unconfirmed),
                            remedy);
  if (!confirmed.is_known) co_return findings.warn(check, about, no_answer(said, "no address"), ask_again);
  findings.problem(check, about, fmt::format("it is {}, which does not lead back to it", said), remedy);
}

}  // namespace

std::vector<const route::SourceAddress*> all_sources(const config::Settings& settings) {
  std::vector<const route::SourceAddress*> sources;
  for (const auto& source : settings.deliver.source_addresses) sources.push_back(&source);
  for (const auto& route : settings.route.routes)
    for (const auto& source : route.source_addresses) sources.push_back(&source);
  return sources;
}

std::string no_answer(std::string_view name, std::string_view why) {
  return fmt::format("DNS could not tell about {}: {}", name, why);
}

boost::asio::awaitable<void> check_reverse(const Patient& patient, Findings& findings) {
  if (patient.addresses.empty())
    findings.warn("ptr", patient.settings.hostname, "no public address of this host is known",
                  "set own_addresses in the configuration, or give --address");
  for (const auto& address : patient.addresses) co_await check_reverse_of(patient, address, findings);
}

boost::asio::awaitable<void> check_hostname(const Patient& patient, Findings& findings) {
  constexpr const char* check = "helo";
  const auto& name = patient.settings.hostname;
  const auto alias = co_await patient.resolver.cname(name);
  if (!alias.records.empty())
    co_return findings.problem(check, name, fmt::format("it is an alias of {}", alias.records.front()),
                               "give it address records of its own (RFC 2181 section 10.3)");
  const auto v4 = co_await patient.resolver.addresses(name, dns::Family::v4);
  const auto v6 = co_await patient.resolver.addresses(name, dns::Family::v6);
  auto all = v4.records;
  all.insert(all.end(), v6.records.begin(), v6.records.end());
  std::vector<std::string> words;
  for (const auto& address : all) words.push_back(to_string(address));
  const auto said = base::join(words, " ");
  if (all.empty() && (v4.status == dns::Status::temporary || v6.status == dns::Status::temporary))
    co_return findings.warn(check, name, no_answer(name, v4.why + v6.why), ask_again);
  if (all.empty())
    co_return findings.problem(check, name, "it has no address; many hosts refuse mail of a host whose name is none",
                               "publish A and AAAA records: godwitctl init shows them");
  const auto is_ours = [&](const auto& address) {
    return std::ranges::find(patient.addresses, address) != patient.addresses.end();
  };
  if (patient.addresses.empty() || std::ranges::all_of(all, is_ours)) co_return findings.ok(check, name, said);
  if (std::ranges::any_of(all, is_ours))
    co_return findings.warn(check, name, fmt::format("of its addresses {} not all are this host's", said),
                            "take out those that lead elsewhere, or name them in own_addresses");
  findings.problem(check, name, fmt::format("its addresses {} are not this host's", said),
                   "set its A and AAAA records to this host's addresses, or own_addresses where they are right");
}

}  // namespace godwit::setup
