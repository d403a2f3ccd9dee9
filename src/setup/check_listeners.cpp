// SPDX-License-Identifier: Apache-2.0
// Whether the daemon answers at its ports, under its name, and offers what it should.  From this machine: what a
// firewall keeps out is not seen.
#include <algorithm>

#include <fmt/format.h>

#include "checks.hpp"
#include "godwit/base/text.hpp"
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

// Where to reach it from here: of [::] and 0.0.0.0 the loopback.
base::Endpoint reached_at(const ListenerSettings& listener) {
  auto endpoint = listener.address;
  if (endpoint.unix_path.empty() && endpoint.address.is_unspecified())
    endpoint.address = base::IpAddress::v4({127, 0, 0, 1});
  return endpoint;
}

struct Conversation {
  SmtpAnswer greeting;
  SmtpAnswer ehlo;
};

net::Task<Conversation> converse(const Patient& patient, ListenerSettings listener) {
  const auto deadline = patient.reactor.deadlines().now() + conversation;
  std::shared_ptr<const net::TlsClientContext> tls;
  if (listener.tls == TlsMode::implicit) {
    auto context = net::TlsClientContext::load(patient.settings.tls);
    if (!context) co_return std::unexpected(context.error());
    tls = *context;
  }
  auto connecting = SmtpProbe::connect(patient.reactor, reached_at(listener), {}, std::move(tls), deadline);
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

void judge_conversation(const Patient& patient, const ListenerSettings& listener, const Conversation& said,
                        Findings& findings) {
  constexpr const char* check = "listener";
  const auto about = described_listener(listener);
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

}  // namespace

boost::asio::awaitable<void> check_listeners(const Patient& patient, Findings& findings) {
  constexpr const char* check = "listener";
  for (const auto& listener : patient.settings.server.listeners) {
    const auto about = described_listener(listener);
    if (listener.proxy_protocol) {
      findings.ok(check, about, "only proxies may connect; it was not tried");
      continue;
    }
    auto conversing = converse(patient, listener);
    const auto said = co_await std::move(conversing);
    if (said)
      judge_conversation(patient, listener, *said, findings);
    else
      findings.problem(check, about, said.error().message,
                       "systemctl start godwitd; journalctl -u godwitd tells why not");
  }
}

}  // namespace godwit::setup
