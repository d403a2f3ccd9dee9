// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/base/rate.hpp"
#include "godwit/base/result.hpp"
#include "godwit/base/text.hpp"

namespace godwit::route {

enum class DeliverKind { maildir, lmtp, smtp, mx, discard };

// "maildir:/var/vmail/{domain}/{local}", "lmtp:unix:/run/lmtp", "smtp:[10.0.0.7]:25", "mx", "discard:".
struct DeliverTarget {
  DeliverKind kind = DeliverKind::maildir;
  std::string argument;  // what follows "kind:"
};

// A store of ours: "maildir:" with a path that has {local}, or "lmtp:" with "unix:/path" or "address:port".  Errors say
// what is wrong.
inline base::Result<DeliverTarget> parse_store(std::string_view text) {
  const auto colon = text.find(':');
  const auto kind = text.substr(0, colon);
  DeliverTarget target{.argument = colon == std::string_view::npos ? "" : std::string(text.substr(colon + 1))};
  const auto invalid = [](std::string why) { return base::fail(base::ErrorKind::invalid, std::move(why)); };
  if (kind == "lmtp") {
    target.kind = DeliverKind::lmtp;
    const auto endpoint = base::Endpoint::parse(target.argument);
    const bool is_place =
        endpoint && (endpoint->unix_path.empty() ? endpoint->port != 0 : endpoint->unix_path.starts_with('/'));
    if (!is_place) return invalid('"' + base::printable(target.argument) + "\" is neither unix:/path nor address:port");
    return target;
  }
  if (kind != "maildir")
    return invalid('"' + base::printable(text) +
                   "\" is none of maildir:/path/{domain}/{local}, lmtp:unix:/path, lmtp:address:port");
  if (!target.argument.starts_with('/')) return invalid("a maildir: path must start with /");
  bool has_local = false;
  const std::string_view path = target.argument;
  for (auto at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
    const auto name = path.substr(at, path.find('}', at) - at + 1);
    has_local = has_local || name == "{local}";
    if (name != "{local}" && name != "{domain}" && name != "{detail}")
      return invalid('"' + base::printable(name) + "\" is none of {local}, {domain}, {detail}");
  }
  if (!has_local) return invalid("a maildir: path must contain {local}, or all users would share one folder");
  return target;
}

// Under this name an LMTP server stands among the tables that a router is given, for `recipients: lmtp`.
inline std::string lmtp_table(const DeliverTarget& deliver) {
  return "lmtp:" + deliver.argument;
}

// The same of the table that asks the next hop, for `recipients: callout`.
inline constexpr const char* callout_table = "callout:";

// Whether it may be found out by asking other hosts.
enum class OtherHosts { may_be_asked, are_left_alone };

enum class RecipientRule { accounts, any, lmtp, callout, list, table };

struct DomainSettings {
  DeliverTarget deliver;
  RecipientRule recipients = RecipientRule::accounts;
  std::vector<std::string> local_parts;  // for list
  std::string table;                     // for table: its name
  std::string catch_all;                 // address; empty: none
  // Users with a store of their own (parse_store), by local part in lower case; they exist, whatever `recipients` says.
  std::map<std::string, DeliverTarget> users{};
  std::string user_table{};  // … else the name of a table that has such stores as values
  bool has_users() const { return !users.empty() || !user_table.empty(); }
};

enum class TlsLevel { none, opportunistic, require, verify, dane };

// Of a host's addresses: which are tried first, or at all.
enum class AddressFamily { prefer_ipv6, prefer_ipv4, ipv6, ipv4 };

// A local address to connect from.
struct SourceAddress {
  base::IpAddress address;
  std::string hostname;  // EHLO name; empty: ours
  bool operator==(const SourceAddress&) const = default;
};

enum class NextHopOrder { listed, random };

// What a route changes of delivery.retry.
struct RetryOverride {
  std::optional<base::Duration> first, max, expire, warn;
  std::optional<double> factor;
  std::optional<base::Duration> bounce_expire, bounce_first, bounce_max;
};

struct RouteSettings {
  std::vector<std::string> domains;  // "partner.example", "*.corp.example", "*"
  std::vector<std::string> senders;  // addresses or "@domain"; empty: any
  std::vector<std::string>
      next_hops;  // "[10.0.0.5]:2525", "relay.example.net", tried in order; empty: MX of the domain
  NextHopOrder order = NextHopOrder::listed;
  std::optional<AddressFamily> address_family;  // nothing: as in Settings
  std::vector<SourceAddress> source_addresses;  // empty: those of all routes
  bool has_tls = false;                         // tls was set here
  TlsLevel tls = TlsLevel::opportunistic;
  std::string tls_name;                  // verify this name
  std::string certificate, private_key;  // shown to hosts that ask for one; empty: none
  std::string user;                      // credentials; empty: none
  std::string password_file;
  std::vector<std::string> mechanisms;  // of AUTH, the first that can be used; empty: the client's usual ones
  bool verp = false;  // each recipient sees an address of its own for a sender of ours, as of Settings::verp_senders
  bool hold = false;
  RetryOverride retry;
  // Of its next hop, for which all routes to it are one: the first that says something counts.
  std::optional<std::size_t> connections;
  std::optional<base::Rate> rate;
};

// How senders of forwarded mail are rewritten (SRS).
struct SrsSettings {
  bool enabled = true;
  std::string domain;                // of the addresses made; empty: the alias' own
  std::string secrets_file;          // one a line; empty: one of our own, in state.directory
  std::vector<std::string> secrets;  // what the file says
};

// Addresses that stand for others: of the file itself, and of tables.
struct AddressMapSettings {
  std::map<std::string, std::string> addresses = {};  // "user@domain" or "@domain" → one of these
  std::vector<std::string> tables = {};               // names, asked in order, after `addresses`
};

// See canonical.hpp.
struct CanonicalSettings {
  AddressMapSettings senders = {};
  AddressMapSettings recipients = {};
  AddressMapSettings addresses = {};                      // of both
  std::vector<std::string> masquerade = {};               // domains that stand for all below them
  std::vector<std::string> masquerade_except = {"root"};  // local parts
};

struct Settings {
  std::string hostname;
  std::string origin;                                       // completes bare addresses; default: hostname
  std::string postmaster;                                   // address; empty: such mail is held
  std::string detail_separator = "+";                       // empty: none
  std::map<std::string, DomainSettings> domains;            // lower case; "table:NAME": of all that the table has
  std::map<std::string, std::vector<std::string>> aliases;  // "user@domain" or "@domain" → addresses
  std::vector<std::string> alias_tables;                    // names, asked in order, after `aliases`
  std::vector<RouteSettings> routes;
  CanonicalSettings canonical;
  SrsSettings srs;
  std::vector<std::string> verp_senders;  // of whom each recipient sees an address of its own; as in RouteSettings
  std::vector<base::IpAddress> own_addresses;
  std::uint16_t port = 25;                 // of hosts found through MX (delivery.port)
  TlsLevel tls = TlsLevel::opportunistic;  // delivery.tls
  AddressFamily address_family = AddressFamily::prefer_ipv6;
  bool dane = true;                // delivery.dane
  bool mta_sts = true;             // delivery.mta_sts
  std::uint16_t https_port = 443;  // of the policies' servers
};

}  // namespace godwit::route
