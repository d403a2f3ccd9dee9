// SPDX-License-Identifier: Apache-2.0
// The keys of milters.
#include <chrono>
#include <string_view>

#include "schema.hpp"

namespace godwit::config {
namespace {

using namespace std::chrono_literals;
using policy::MilterSettings;
using policy::ServerAddress;

// "host:port", or "port@host" as sendmail writes it.
base::Result<ServerAddress> parse_inet(std::string_view text) {
  const auto at = text.rfind('@'), colon = text.rfind(':');
  auto port = text;
  std::string_view host;
  if (at != std::string_view::npos) {
    port = text.substr(0, at);
    host = text.substr(at + 1);
  } else if (colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto number = base::parse_unsigned(port);
  const bool named = !host.empty() && host.find_first_of("[]/@ ") == std::string_view::npos;
  if (!named || !number || *number == 0 || *number > 65535)
    return invalid(fmt::format("\"{}\" is no host and port", base::printable(text)));
  return ServerAddress{.host = std::string(host), .port = static_cast<std::uint16_t>(*number)};
}

base::Result<ServerAddress> parse_server(const std::string& text) {
  const auto colon = std::min(text.find(':'), text.size());
  const auto kind = std::string_view(text).substr(0, colon);
  const auto rest = std::string_view(text).substr(std::min(colon + 1, text.size()));
  if (kind == "inet" || kind == "inet6") return parse_inet(rest);
  if ((kind == "unix" || kind == "local") && rest.starts_with('/'))
    return ServerAddress{.unix_path = std::string(rest)};
  return invalid(fmt::format("\"{}\" is neither inet:HOST:PORT nor unix:/PATH", base::printable(text)));
}

Fields<MilterSettings> milter_fields() {
  using smtp::Service;
  return {
      make_field<MilterSettings>(
          "name", [](auto& m) -> auto& { return m.name; }, text(), "What it is called in the log", Reload::yes,
          Need::required),
      make_field<MilterSettings>(
          "address", [](auto& m) -> auto& { return m.address; }, server_address(), "Where it listens", Reload::yes,
          Need::required),
      make_field<MilterSettings>(
          "services", [](auto& m) -> auto& { return m.services; },
          list_of(word<Service>({{"mx", Service::mx}, {"submission", Service::submission}, {"local", Service::local}}),
                  Single::accept),
          "Whose sessions it is asked about; `local`: programs of this host"),
      make_field<MilterSettings>(
          "on_failure", [](auto& m) -> auto& { return m.on_failure; }, on_failure(),
          "What becomes of mail when it cannot be reached, does not answer in time or talks nonsense; `accept`: it "
          "goes "
          "on without this milter, `tempfail`: `451 4.3.0`, `reject`: `550 5.3.0`"),
      make_field<MilterSettings>(
          "timeouts.connect", [](auto& m) -> auto& { return m.connect_timeout; }, duration(100ms, 5min),
          "Until it has agreed on the protocol"),
      make_field<MilterSettings>(
          "timeouts.command", [](auto& m) -> auto& { return m.command_timeout; }, duration(100ms, 5min),
          "Of each answer before the end of a message"),
      make_field<MilterSettings>(
          "timeouts.message", [](auto& m) -> auto& { return m.message_timeout; }, duration(100ms, 8min),
          "Of its answer to a whole message; begins anew when it says that it is at work, up to 8 minutes for all "
          "milters together"),
      make_field<MilterSettings>(
          "idle_connections", [](auto& m) -> auto& { return m.idle_connections; }, number<std::size_t>(0, 1000),
          "Connections to it that each thread keeps for the next client; 0: each client gets one of its own, which "
          "every "
          "milter understands"),
  };
}

}  // namespace

Type<ServerAddress> server_address() {
  return scalar<ServerAddress>("inet:HOST:PORT or unix:/PATH", parse_server,
                               [](const ServerAddress& address) { return to_string(address); });
}

Type<policy::OnFailure> on_failure() {
  using policy::OnFailure;
  return word<OnFailure>(
      {{"tempfail", OnFailure::defer}, {"accept", OnFailure::accept}, {"reject", OnFailure::reject}});
}

Fields<Document> milter_part() {
  return {
      field(
          "milters", [](auto& d) -> auto& { return d.settings.policy.milters; }, records(milter_fields()),
          "Filters that are asked about clients, senders, recipients and messages, and may change messages, one after "
          "the other (milter protocol, version 6)"),
  };
}

}  // namespace godwit::config
