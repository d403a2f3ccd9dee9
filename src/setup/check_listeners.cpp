// SPDX-License-Identifier: Apache-2.0
// Whether the daemon answers at its ports, under its name, and offers what it should.  From this machine: what a
// firewall keeps out is not seen.
#include <algorithm>

#include <fmt/format.h>

#include "checks.hpp"
#include "godwit/base/text.hpp"
#include "godwit/net/interfaces.hpp"
#include "smtp_probe.hpp"

namespace godwit::setup {
namespace {

using server::ListenerSettings;
using smtp::Service, smtp::TlsMode;

constexpr base::Duration conversation = std::chrono::seconds(20);

std::string described_listener(const ListenerSettings& listener) {
  return fmt::format("{} {}", to_string(listener.address), listener.service == Service::mx ? "mx" : "submission");
}

bool offers(const SmtpAnswer& ehlo, std::string_view word) {
  const auto lines = base::split(ehlo.text, '\n');
  return std::ranges::any_of(
      lines, [&](std::string_view line) { return base::iequals(line.substr(0, line.find(' ')), word); });
}

bool is_everywhere(const ListenerSettings& listener) {
  return listener.address.unix_path.empty() && listener.address.address.is_unspecified();
}

// Where to reach it from here: of [::] and 0.0.0.0 the loopback first, then the addresses by which others know it.
std::vector<base::Endpoint> ways_to(const Patient& patient, const ListenerSettings& listener) {
  if (!is_everywhere(listener)) return {listener.address};
  std::vector<base::IpAddress> addresses{base::IpAddress::v4({127, 0, 0, 1})};
  const auto loopback = *base::IpAddress::parse("::1");
  if (const auto all = net::SystemInterfaces().addresses(); all && std::ranges::find(*all, loopback) != all->end())
    addresses.push_back(loopback);
  addresses.insert(addresses.end(), patient.addresses.begin(), patient.addresses.end());
  std::vector<base::Endpoint> ways;
  for (const auto& address : addresses) {
    if (listener.address.address.is_v4() && address.is_v6()) continue;
    ways.push_back(listener.address);
    ways.back().address = address;
  }
  return ways;
}

struct Conversation {
  SmtpAnswer greeting;
  SmtpAnswer ehlo;
};

net::Task<Conversation> converse(const Patient& patient, ListenerSettings listener, base::Endpoint server) {
  const auto deadline = patient.reactor.deadlines().now() + conversation;
  std::shared_ptr<const net::TlsClientContext> tls;
  if (listener.tls == TlsMode::implicit) {
    auto context = net::TlsClientContext::load(patient.settings.tls);
    if (!context) co_return std::unexpected(context.error());
    tls = *context;
  }
  auto connecting = SmtpProbe::connect(patient.reactor, std::move(server), {}, std::move(tls), deadline);
  auto probe = co_await std::move(connecting);
  if (!probe) co_return std::unexpected(probe.error());
  auto greeted = (*probe)->answer();
  auto greeting = co_await std::move(greeted);
  if (!greeting) co_return std::unexpected(greeting.error());
  auto asked = (*probe)->ask("EHLO " + patient.settings.hostname);
  auto ehlo = co_await std::move(asked);
  if (!ehlo) co_return std::unexpected(ehlo.error());
  auto leaving = (*probe)->ask("QUIT");
  std::ignore = co_await std::move(leaving);
  co_return Conversation{.greeting = std::move(*greeting), .ehlo = std::move(*ehlo)};
}

void judge_conversation(const Patient& patient, const ListenerSettings& listener, const std::string& about,
                        const Conversation& said, Findings& findings) {
  constexpr const char* check = "listener";
  const auto& hostname = patient.settings.hostname;
  if (said.greeting.code != 220)
    return findings.warn(check, about, fmt::format("it says {} {}", said.greeting.code, said.greeting.text),
                         "see what godwitctl status says");
  const auto name = said.greeting.text.substr(0, said.greeting.text.find(' '));
  if (!base::iequals(name, hostname))
    return findings.problem(
        check, about, fmt::format("who answers calls itself {}, not {}", name, hostname),
        "another program has the port, or the configuration was not applied: systemctl restart godwitd");
  if (listener.tls == TlsMode::starttls && !offers(said.ehlo, "STARTTLS"))
    return findings.problem(check, about, "it does not offer STARTTLS", "see the check \"certificate\"");
  const bool is_clear = listener.tls != TlsMode::implicit;
  if (is_clear && offers(said.ehlo, "AUTH"))
    return findings.problem(check, about, "it offers AUTH in the clear", "another program has the port");
  if (!is_clear && listener.service == Service::submission && !offers(said.ehlo, "AUTH"))
    return findings.warn(check, about, "it offers no AUTH: nobody can log in", "godwitctl account add ADDRESS");
  findings.ok(check, about, fmt::format("220 {}{}", name, listener.tls == TlsMode::none ? ", without TLS" : ", TLS"));
}

// Where the loopback answers and another address does not, something stands between: it may do so for us only.
boost::asio::awaitable<void> check_listener(const Patient& patient, const ListenerSettings& listener,
                                            Findings& findings) {
  constexpr const char* check = "listener";
  const auto ways = ways_to(patient, listener);
  for (std::size_t i = 0; i < ways.size(); ++i) {
    auto about = described_listener(listener);
    if (is_everywhere(listener)) about += " at " + to_string(ways[i].address);
    auto conversing = converse(patient, listener, ways[i]);
    const auto said = co_await std::move(conversing);
    if (said) {
      judge_conversation(patient, listener, about, *said, findings);
    } else if (i == 0) {
      findings.problem(check, about, said.error().message,
                       "systemctl start godwitd; journalctl -u godwitd tells why not");
      co_return;  // no other address has it then
    } else {
      findings.warn(check, about, said.error().message,
                    "let the firewall take connections to it; a router that has the address may not lead back from "
                    "inside: then try it from another network");
    }
  }
}

}  // namespace

boost::asio::awaitable<void> check_listeners(const Patient& patient, Findings& findings) {
  for (const auto& listener : patient.settings.server.listeners) {
    if (listener.proxy_protocol) {
      findings.ok("listener", described_listener(listener), "only proxies may connect; it was not tried");
      continue;
    }
    auto checking = check_listener(patient, listener, findings);
    co_await std::move(checking);
  }
}

}  // namespace godwit::setup
