// SPDX-License-Identifier: Apache-2.0
// Whether lists that many receivers ask (RFC 5782) have the host's addresses.
#include <algorithm>

#include <fmt/format.h>

#include "checks.hpp"
#include "godwit/base/text.hpp"
#include "godwit/dns/message.hpp"

namespace godwit::setup {
namespace {

std::string listed_name(const base::IpAddress& address, const std::string& list) {
  const auto reverse = dns::reverse_name(address);
  return reverse.substr(0, reverse.find(address.is_v4() ? ".in-addr" : ".ip6.")) + "." + list;
}

// Spamhaus and others say so that they do not answer who asks.
bool is_refusal(const base::IpAddress& answer) {
  return base::IpNetwork::parse("127.255.255.0/24")->contains(answer);
}

boost::asio::awaitable<void> check_list(const Patient& patient, base::IpAddress address, std::string list,
                                        Findings& findings) {
  constexpr const char* check = "blocklist";
  const auto about = fmt::format("{} at {}", to_string(address), list);
  const auto name = listed_name(address, list);
  const auto answer = co_await patient.resolver.addresses(name, dns::Family::v4);
  if (answer.status == dns::Status::temporary)
    co_return findings.warn(check, about, no_answer(list, answer.why), ask_again);
  if (answer.records.empty()) co_return findings.ok(check, about, "not listed");
  const auto code = to_string(answer.records.front());
  if (std::ranges::any_of(answer.records, is_refusal))
    co_return findings.warn(check, about, fmt::format("it does not answer your resolver ({})", code),
                            "ask it through a resolver of your own (apt install unbound)");
  if (!base::IpNetwork::parse("127.0.0.0/8")->contains(answer.records.front()))
    co_return findings.warn(check, about, fmt::format("it answers {}, which is no answer of a list", code),
                            "the list has gone; name others with --blocklist");
  const auto reason = co_await patient.resolver.txt(name);
  findings.problem(check, about,
                   fmt::format("listed ({}){}", code, reason.records.empty() ? "" : ": " + reason.records.front()),
                   "find out why and mend it, then ask the list to take the address out");
}

}  // namespace

std::vector<std::string> usual_blocklists() {
  return {"zen.spamhaus.org", "bl.spamcop.net", "psbl.surriel.com"};
}

boost::asio::awaitable<void> check_blocklists(const Patient& patient, Findings& findings) {
  for (const auto& address : patient.addresses)
    for (const auto& list : patient.blocklists) co_await check_list(patient, address, list, findings);
}

}  // namespace godwit::setup
