// SPDX-License-Identifier: Apache-2.0
// How mail that ends here is delivered: transports become `deliver`.
#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_context.hpp"

namespace godwit::setup::postfix {
namespace {

using Kind = Draft::Kind;
constexpr auto deliver_section = Section::domains;

constexpr const char* dovecot_lmtp = "lmtp:unix:/run/dovecot/lmtp";
constexpr const char* maildirs = "maildir:/var/vmail/{domain}/{local}";

std::string dovecot(Context& context, const std::string& what, const std::string& place) {
  context.draft.remark(
      deliver_section, Kind::to_do, place, what,
      "in Dovecot's service lmtp: unix_listener lmtp { mode = 0660 group = godwit }, and protocols with lmtp");
  return dovecot_lmtp;
}

// "unix:private/dovecot-lmtp", "inet:127.0.0.1:24", "localhost:2003", "[10.0.0.7]".
std::optional<std::string> lmtp(Context& context, const std::string& place_of_store, const std::string& what,
                                const std::string& place) {
  if (place_of_store.starts_with("unix:")) {
    const auto path = place_of_store.substr(5);
    const bool is_postfix_own = !path.starts_with('/') || path.starts_with(context.view.get("queue_directory"));
    if (is_postfix_own && path.contains("dovecot")) return dovecot(context, what, place);
    const auto socket = context.socket_path(path);
    context.draft.remark(deliver_section, Kind::to_do, place, what,
                         fmt::format("the user godwit must be able to open {}", socket));
    return "lmtp:unix:" + socket;
  }
  const auto hop = read_next_hop(place_of_store, false);
  auto host = hop ? hop->hop : std::string();
  if (host.starts_with("localhost")) host.replace(0, 9, "127.0.0.1");
  const auto close = host.find(']');
  if (host.starts_with('[') && close != std::string::npos) {
    const auto inside = host.substr(1, close - 1);
    host = (inside.contains(':') ? "[" + inside + "]" : inside) + host.substr(close + 1);
  }
  if (!host.empty() && !base::Endpoint::parse(host)) host += ":24";
  const auto endpoint = base::Endpoint::parse(host);
  if (endpoint && endpoint->unix_path.empty() && endpoint->port != 0) return "lmtp:" + host;
  context.draft.remark(
      deliver_section, Kind::untranslated, place, what,
      fmt::format("an LMTP server is named by its address and port: {}", shown_text(place_of_store, 80)));
  return {};
}

}  // namespace

std::optional<std::string> deliver_of(Context& context, const std::string& transport, const std::string& what,
                                      const std::string& place) {
  const auto colon = transport.find(':');
  const auto name = transport.substr(0, colon);
  const auto next = colon == std::string::npos ? std::string() : transport.substr(colon + 1);
  const auto* service = find_service(context.services, name);
  const auto command = service != nullptr ? service->command : name == "relay" ? "smtp" : name;
  if (command == "lmtp") return lmtp(context, next, what, place);
  if (command == "discard") return "discard:";
  if (command == "local") return local_deliver(context);
  if (command == "virtual") {
    const auto base_folder = context.view.get("virtual_mailbox_base");
    return base_folder.starts_with('/') ? fmt::format("maildir:{}/{{domain}}/{{local}}", base_folder) : maildirs;
  }
  if (command == "smtp" || command.empty()) {
    if (next.empty()) return "mx";
    if (const auto hop = read_next_hop(next, false)) return "smtp:" + hop->hop;
  }
  if (command == "pipe" && name.contains("dovecot")) return dovecot(context, what, place);
  context.draft.remark(deliver_section, Kind::untranslated, place, what,
                       command == "pipe"
                           ? fmt::format("\"{}\" runs a program: nothing is ever executed; Dovecot takes mail by LMTP",
                                         shown_text(transport, 80))
                           : fmt::format("\"{}\" is no way of delivery that Godwit has", shown_text(transport, 80)));
  return {};
}

std::string local_deliver(Context& context) {
  const auto& view = context.view;
  const auto place = [&](const char* setting) { return view.place(setting); };
  if (const auto local = view.get("local_transport"); view.is_set("local_transport") && !local.starts_with("local"))
    if (const auto deliver = deliver_of(context, local, "local_transport", place("local_transport"))) return *deliver;
  if (const auto mailbox = view.get("mailbox_transport"); !mailbox.empty())
    if (const auto deliver = deliver_of(context, mailbox, "mailbox_transport", place("mailbox_transport")))
      return *deliver;
  if (const auto command = view.get("mailbox_command"); !command.empty()) {
    if (command.contains("dovecot")) return dovecot(context, "mailbox_command", place("mailbox_command"));
    context.untranslated(deliver_section, "mailbox_command",
                         "\"" + shown_text(command, 80) + "\" is a program: nothing is ever executed");
  }
  context.draft.remark(
      deliver_section, Kind::changed, place("home_mailbox"),
      view.is_set("home_mailbox") ? "home_mailbox" : "mail_spool_directory",
      "mail of the system's users goes to Maildirs below /var/vmail, not into homes or mbox files; homes are reached "
      "through Dovecot: deliver: \"lmtp:unix:/run/dovecot/lmtp\"");
  return maildirs;
}

}  // namespace godwit::setup::postfix
