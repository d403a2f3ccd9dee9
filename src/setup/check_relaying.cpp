// SPDX-License-Identifier: Apache-2.0
// Whether strangers could send mail to everywhere through this host: by the configuration, and by trying as a stranger
// as far as RCPT.
#include <algorithm>

#include <fmt/format.h>

#include "checks.hpp"
#include "godwit/base/text.hpp"
#include "godwit/net/interfaces.hpp"
#include "smtp_probe.hpp"

namespace godwit::setup {
namespace {

constexpr const char* relay_check = "relay";
constexpr base::Duration trying = std::chrono::seconds(20);
constexpr std::size_t most_sources = 2;  // per listener; each is a connection
constexpr int widest_v4 = 8;
constexpr int widest_v6 = 16;

bool is_trusted(const Patient& patient, const base::IpAddress& address) {
  return std::ranges::any_of(patient.settings.policy.trusted_networks,
                             [&](const auto& network) { return network.contains(address); });
}

void check_trusted_networks(const Patient& patient, Findings& findings) {
  for (const auto& network : patient.settings.policy.trusted_networks) {
    const bool is_wide = network.prefix() < (network.address().is_v4() ? widest_v4 : widest_v6);
    if (is_wide)
      findings.problem(relay_check, to_string(network), "trusted_networks lets so many strangers send to everywhere",
                       "name only your own machines there");
  }
}

// A client that is no neighbour, reaching the listener from an address that is both this machine's and not trusted.
std::vector<base::IpAddress> strangers(const Patient& patient, const base::Endpoint& listener) {
  std::vector<base::IpAddress> candidates;
  if (!listener.address.is_unspecified())
    candidates.push_back(listener.address);
  else if (auto all = net::SystemInterfaces().addresses())
    candidates = *all;
  std::erase_if(candidates, [&](const auto& address) {
    return is_trusted(patient, address) || (listener.address.is_v4() && address.is_v6());
  });
  if (candidates.size() > most_sources) candidates.resize(most_sources);
  return candidates;
}

struct Attempt {
  std::string sender;
  std::string recipient;
};

std::vector<Attempt> attempts(const Patient& patient) {
  const std::string stranger = "relay-test@example.net";
  std::vector<Attempt> all{{"", stranger},
                           {"relay-test@example.org", stranger},
                           {"relay-test@example.org", fmt::format("@{}:{}", patient.settings.hostname, stranger)}};
  if (!patient.domains.empty()) all.push_back({"postmaster@" + patient.domains.front(), stranger});
  return all;
}

// What was accepted; empty: nothing.
net::Task<std::string> try_to_relay(const Patient& patient, base::Endpoint server, base::IpAddress source) {
  const auto deadline = patient.reactor.deadlines().now() + trying;
  auto connecting = SmtpProbe::connect(patient.reactor, server, source, {}, deadline);
  auto probe = co_await std::move(connecting);
  if (!probe) co_return std::unexpected(probe.error());
  auto greeted = (*probe)->answer();
  const auto greeting = co_await std::move(greeted);
  if (!greeting) co_return std::unexpected(greeting.error());
  auto saying_hello = (*probe)->ask("EHLO " + patient.settings.hostname);
  const auto hello = co_await std::move(saying_hello);
  if (!hello) co_return std::unexpected(hello.error());
  const auto all = attempts(patient);
  for (const auto& attempt : all) {
    const std::vector<std::string> commands{fmt::format("MAIL FROM:<{}>", attempt.sender),
                                            fmt::format("RCPT TO:<{}>", attempt.recipient), "RSET"};
    for (const auto& command : commands) {
      const bool is_recipient = command.starts_with("RCPT");
      auto asked = (*probe)->ask(command);
      const auto answer = co_await std::move(asked);
      if (!answer) co_return std::unexpected(answer.error());
      if (is_recipient && answer->code / 100 == 2)
        co_return fmt::format("from <{}> to <{}>: {} {}", attempt.sender, attempt.recipient, answer->code,
                              answer->text);
    }
  }
  co_return std::string();
}

boost::asio::awaitable<void> check_relaying_at(const Patient& patient, base::Endpoint listener, Findings& findings) {
  const auto about = to_string(listener);
  const auto sources = strangers(patient, listener);
  if (sources.empty())
    co_return findings.ok(
        relay_check, about,
        "not tried: all addresses of this machine are in trusted_networks, so it is no stranger here");
  for (const auto& source : sources) {
    auto server = listener;
    if (server.address.is_unspecified()) server.address = source;
    auto trying_it = try_to_relay(patient, server, source);
    const auto accepted = co_await std::move(trying_it);
    if (!accepted)
      findings.warn(relay_check, about,
                    fmt::format("could not be tried from {}: {}", to_string(source), accepted.error().message),
                    "see the check \"listener\"");
    else if (!accepted->empty())
      findings.problem(relay_check, about,
                       fmt::format("a stranger at {} may send to everywhere: {}", to_string(source), *accepted),
                       "take out what lets it: trusted_networks, a route, or a domain for everything");
    else
      findings.ok(relay_check, about, fmt::format("a stranger at {} is refused", to_string(source)));
  }
}

}  // namespace

boost::asio::awaitable<void> check_relaying(const Patient& patient, Findings& findings) {
  check_trusted_networks(patient, findings);
  for (const auto& listener : patient.settings.server.listeners) {
    const bool is_open_to_all = listener.service == smtp::Service::mx && !listener.proxy_protocol &&
                                listener.tls != smtp::TlsMode::implicit && listener.address.unix_path.empty();
    if (is_open_to_all) co_await check_relaying_at(patient, listener.address, findings);
  }
}

}  // namespace godwit::setup
