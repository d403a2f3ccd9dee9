// SPDX-License-Identifier: Apache-2.0
// mynetworks becomes trusted_networks.  In doubt fewer are trusted than in Postfix, and that is said.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_clients.hpp"
#include "postfix_context.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

using base::IpNetwork;
using Networks = std::vector<IpNetwork>;
using Kind = Draft::Kind;
constexpr auto names_section = Section::general;

// "[::1]/128", "192.0.2.0/24", "192.0.2.1".
std::optional<IpNetwork> network_of(std::string word) {
  std::erase(word, '[');
  std::erase(word, ']');
  return IpNetwork::parse(word);
}

bool includes(const IpNetwork& wide, const IpNetwork& narrow) {
  return wide.prefix() <= narrow.prefix() && wide.contains(narrow.address());
}

void add_once(Networks& networks, const IpNetwork& network) {
  if (std::ranges::find(networks, network) == networks.end()) networks.push_back(network);
}

// What is in both.
Networks common_part(const Networks& left, const Networks& right) {
  Networks both;
  for (const auto& a : left)
    for (const auto& b : right) {
      if (includes(a, b))
        add_once(both, b);
      else if (includes(b, a))
        add_once(both, a);
    }
  return both;
}

// A list of networks, in which the first match counts.
class NetworkList {
 public:
  NetworkList(Context& context, const View& view, std::string_view setting)
      : context_(context), view_(view), setting_(setting) {}

  Networks read() && {
    for (const auto& word : view_.words(setting_)) {
      const auto words = word.starts_with('/') ? context_.tables.words(word, setting_, view_.place(setting_))
                                               : std::vector<std::string>{word};
      if (words)
        for (const auto& one : *words) take(one);
    }
    return std::move(networks_);
  }

 private:
  void left_out(std::string_view what, const std::string& why) {
    context_.draft.remark(names_section, Kind::untranslated, view_, setting_,
                          fmt::format("\"{}\" {}", shown_text(what, 80), why));
  }

  void take(const std::string& word) {
    if (word.starts_with('!')) return exclude(word);
    const auto map = parse_map_name(word, {});
    if (map.type == "cidr") return table(map);
    if (!map.type.empty()) return left_out(word, "is left out: write its networks into trusted_networks");
    if (const auto network = network_of(word))
      add(*network);
    else
      left_out(word, "is no network: name the addresses themselves");
  }

  void exclude(const std::string& word) {
    const auto network = network_of(word.substr(1));
    if (network)
      excluded_.push_back(*network);
    else
      excludes_unknown_ = true;
    left_out(word, network ? "cannot be said: networks behind it that contain it are left out; write the parts of them "
                             "that you trust"
                           : "excludes nobody knows whom: what stands behind it is left out");
  }

  void add(const IpNetwork& network) {
    const auto overlaps = [&](const IpNetwork& e) { return includes(network, e) || includes(e, network); };
    if (network.prefix() == 0)
      left_out(to_string(network), "would make this host an open relay; it is left out");
    else if (excludes_unknown_ || std::ranges::any_of(excluded_, overlaps))
      left_out(to_string(network), "is left out, as a part of it is excluded before it");
    else
      add_once(networks_, network);
  }

  void table(const MapName& map) {
    const auto entries = context_.tables.entries(map, setting_, view_.place(setting_));
    int conditions = 0;
    for (const auto& entry : entries.value_or(std::vector<Entry>())) {
      const auto refuse = [&](const char* why) {
        context_.draft.remark(names_section, Kind::untranslated, entry.place,
                              shown_text(entry.key + " " + entry.value, 120), setting_ + ": " + why);
      };
      if (base::iequals(entry.key, "if")) {
        ++conditions;
        refuse("conditions cannot be said: what stands between if and endif is left out");
      } else if (base::iequals(entry.key, "endif")) {
        conditions = std::max(0, conditions - 1);
      } else if (conditions == 0) {
        const auto network = network_of(entry.key);
        network ? add(*network) : refuse("is no network; it is left out");
      }
    }
  }

  Context& context_;
  const View& view_;
  std::string setting_;
  Networks networks_, excluded_;
  bool excludes_unknown_ = false;
};

Networks default_networks(const Context& context, const View& view) {
  const auto style = view.get("mynetworks_style");
  Networks networks = {*IpNetwork::parse("127.0.0.0/8"), *IpNetwork::parse("::1/128")};
  for (const auto& address : context.wishes.addresses)
    add_once(networks, IpNetwork(address, address.is_v4() ? 32 : 128));
  if (style != "host")
    context.draft.remark(
        names_section, Kind::changed, view, "mynetworks_style",
        fmt::format(
            "mynetworks is not set, and Postfix trusted the {} of every interface; here only the machine itself "
            "is trusted: write your networks into trusted_networks",
            style));
  return networks;
}

std::string yaml_networks(const Networks& networks) {
  std::vector<std::string> words;
  for (const auto& network : networks) words.push_back(to_string(network));
  return yaml_list(words);
}

// One list for all listeners of service mx: of what each of them lets relay, what is common to them.
class TrustedNetworks {
 public:
  explicit TrustedNetworks(Context& context) : context_(context) {}

  void run() {
    for (const auto* service : mx_servers(context_)) {
      const auto* smtpd = smtpd_of(context_, *service);
      add(smtpd != nullptr ? view_of(context_, *smtpd) : context_.view);
    }
    if (!common_) add(context_.view);
    context_.draft.line(names_section, "trusted_networks: " + yaml_networks(*common_));
    if (differs_)
      context_.draft.remark(names_section, Kind::changed, context_.view, "mynetworks",
                            "the services of master.cf let different clients relay: trusted_networks, which is for "
                            "all of them, has only those that every service mx lets relay");
    else if (!relays_)
      context_.draft.remark(
          names_section, Kind::changed, context_.view, "mynetworks",
          "nobody relays by his address, as no list of restrictions says permit_mynetworks before it refuses: "
          "trusted_networks is empty");
    for (const auto* service : smtp_servers(context_)) overridden(smtpd_of(context_, *service));
  }

 private:
  void add(const View& view) {
    const bool relays = lets_networks_relay(view);
    const auto allowed = relays ? networks(view) : Networks();
    relays_ = relays_ || relays;
    if (common_ && *common_ != allowed) {
      differs_ = true;
      common_ = common_part(*common_, allowed);
    } else {
      common_ = allowed;
    }
  }

  const Networks& networks(const View& view) {
    const auto value = view.get("mynetworks");
    auto [known, is_new] = known_.try_emplace(value);
    if (is_new)
      known->second =
          value.empty() ? default_networks(context_, view) : NetworkList(context_, view, "mynetworks").read();
    return known->second;
  }

  void overridden(const Service* smtpd) {
    if (smtpd == nullptr || !smtpd->options.contains("mynetworks")) return;
    context_.draft.remark(names_section, Kind::changed, smtpd->place, "-o mynetworks",
                          fmt::format("of {} alone: trusted_networks is one list for all listeners of service mx",
                                      shown_text(smtpd->name, 60)));
  }

  Context& context_;
  std::map<std::string, Networks> known_;
  std::optional<Networks> common_;
  bool differs_ = false, relays_ = false;
};

}  // namespace

void translate_networks(Context& context) {
  TrustedNetworks(context).run();
  const auto clients = NetworkList(context, context.view, "smtpd_authorized_xclient_hosts").read();
  if (!clients.empty()) context.draft.line(names_section, "trusted_xclients: " + yaml_networks(clients));
}

}  // namespace godwit::setup::postfix
