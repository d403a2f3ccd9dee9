// SPDX-License-Identifier: Apache-2.0
// Who the host is, and whom it trusts.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_context.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

constexpr auto general = Section::general;
using Kind = Draft::Kind;

std::string full_name(const Context& context) {
  const auto& view = context.view;
  auto name = view.get("myhostname");
  if (name.empty()) name = context.wishes.hostname.empty() ? "localhost" : context.wishes.hostname;
  name = base::to_lower(name);
  if (name.contains('.')) return name;
  // As Postfix completes a name without domain.
  const auto domain = view.get("mydomain");
  return name + "." + (domain.empty() ? "localdomain" : base::to_lower(domain));
}

std::string origin_of(Context& context) {
  auto origin = context.view.get("myorigin");
  if (origin.starts_with('/')) {
    const auto words = context.tables.words(origin, "myorigin", context.view.place("myorigin"));
    origin = words && !words->empty() ? words->front() : context.names.hostname;
  }
  return base::to_lower(origin.empty() ? context.names.hostname : origin);
}

// "[::1]/128", "192.0.2.0/24", "192.0.2.1".
std::optional<std::string> network_of(std::string word) {
  std::erase(word, '[');
  std::erase(word, ']');
  const auto network = base::IpNetwork::parse(word);
  return network ? std::optional(to_string(*network)) : std::nullopt;
}

std::vector<std::string> networks_in(Context& context, std::string_view setting) {
  std::vector<MapName> maps;
  std::vector<std::string> networks;
  for (const auto& word : listed_words(context, setting, general, &maps)) {
    const auto network = network_of(word);
    if (!network)
      context.untranslated(general, setting,
                           "\"" + shown_text(word, 80) + "\" is no network: name the addresses themselves");
    else if (network->ends_with("/0"))
      context.untranslated(general, setting, *network + " would make this host an open relay; it is left out");
    else
      networks.push_back(*network);
  }
  for (const auto& map : maps) {
    if (map.type != "cidr") {
      context.untranslated(general, setting,
                           map.type + ":" + map.name + " is left out: write its networks into trusted_networks");
      continue;
    }
    const auto entries = context.tables.entries(map, std::string(setting), context.view.place(setting));
    for (const auto& entry : entries.value_or(std::vector<Entry>()))
      if (const auto network = network_of(entry.key); network && !network->ends_with("/0"))
        networks.push_back(*network);
  }
  return networks;
}

std::vector<std::string> default_networks(const Context& context) {
  const auto style = context.view.get("mynetworks_style");
  std::vector<std::string> networks = {"127.0.0.0/8", "::1/128"};
  for (const auto& address : context.wishes.addresses) networks.push_back(to_string(address));
  if (style != "host")
    context.draft.remark(
        general, Kind::changed, context.view, "mynetworks_style",
        fmt::format(
            "mynetworks is not set, and Postfix trusted the {} of every interface; here only the machine itself "
            "is trusted: write your networks into trusted_networks",
            style));
  return networks;
}

// Whether what is in mynetworks may relay at all.
bool networks_relay(const Context& context) {
  return std::ranges::any_of(smtp_servers(context), [&](const Service* service) {
    if (!takes_strangers(context, *service)) return false;
    const auto view = view_of(context, *service);
    const auto relay = view.words("smtpd_relay_restrictions");
    const auto words = relay.empty() ? view.words("smtpd_recipient_restrictions") : relay;
    return std::ranges::find(words, "permit_mynetworks") != words.end() ||
           std::ranges::find(words, "permit") != words.end();
  });
}

void trusted_networks(Context& context) {
  auto networks =
      context.view.get("mynetworks").empty() ? default_networks(context) : networks_in(context, "mynetworks");
  // Mapped IPv4 counts as IPv4, so Debian's usual list has one of them twice.
  std::set<std::string> seen;
  std::erase_if(networks, [&](const std::string& network) { return !seen.insert(network).second; });
  if (networks_relay(context))
    return context.draft.line(general, fmt::format("trusted_networks: {}", yaml_list(networks)));
  context.draft.line(general, "trusted_networks: []");
  context.draft.remark(
      general, Kind::changed, context.view, "mynetworks",
      "nobody relays by his address, as no list of restrictions says permit_mynetworks: trusted_networks is empty");
}

void own_addresses(Context& context) {
  std::vector<std::string> addresses;
  for (const auto& word : context.view.words("proxy_interfaces")) {
    if (base::IpAddress::parse(word))
      addresses.push_back(word);
    else
      context.untranslated(general, "proxy_interfaces", "\"" + shown_text(word, 80) + "\" is no address");
  }
  if (!addresses.empty()) context.draft.line(general, "own_addresses: " + yaml_list(addresses));
}

void detail_separator(Context& context) {
  const auto separators = context.view.get("recipient_delimiter");
  if (separators.size() > 1)
    context.draft.remark(general, Kind::changed, context.view, "recipient_delimiter",
                         fmt::format("one character only; of {} the first is taken", separators));
  const bool known = !separators.empty() && std::string_view("+-=._#~").contains(separators.front());
  if (!separators.empty() && !known)
    context.untranslated(general, "recipient_delimiter", "it can be one of + - = . _ # ~");
  context.draft.line(general, fmt::format("detail_separator: {}", yaml_string(known ? separators.substr(0, 1) : "")));
}

void who_may_ask(Context& context) {
  if (context.view.is_set("disable_vrfy_command"))
    context.draft.line(general, context.view.is_yes("disable_vrfy_command") ? "vrfy: nobody" : "vrfy: anyone");
  if (const auto clients = networks_in(context, "smtpd_authorized_xclient_hosts"); !clients.empty())
    context.draft.line(general, "trusted_xclients: " + yaml_list(clients));
}

}  // namespace

void translate_names(Context& context) {
  auto& names = context.names;
  names.hostname = full_name(context);
  if (!is_domain(names.hostname)) {
    context.untranslated(general, "myhostname", "\"" + shown_text(names.hostname, 80) + "\" is no host name");
    names.hostname = "localhost.localdomain";
  }
  if (names.hostname.ends_with(".localdomain"))
    context.draft.remark(general, Kind::to_do, context.view, "myhostname",
                         "set hostname to the full name under which others know this host");
  names.origin = origin_of(context);
  if (!is_domain(names.origin)) names.origin = names.hostname;
  context.draft.line(general, "hostname: " + yaml_word(names.hostname));
  context.draft.line(general, "origin: " + yaml_word(names.origin));
  own_addresses(context);
  trusted_networks(context);
  detail_separator(context);
  who_may_ask(context);
}

}  // namespace godwit::setup::postfix
