// SPDX-License-Identifier: Apache-2.0
// The keys inside a domain and inside a route.
#include <algorithm>
#include <chrono>
#include <iterator>

#include <fmt/ranges.h>

#include "names.hpp"
#include "schema.hpp"

namespace godwit::config {
namespace {

using route::DeliverKind;
using route::DeliverTarget;
using route::DomainSettings;
using route::RecipientRule;
using route::RouteSettings;
using route::TlsLevel;

// ---- deliver
// ----------------------------------------------------------------------------------------------------------

base::Result<DeliverTarget> parse_deliver(const std::string& text) {
  const auto colon = text.find(':');
  const auto kind = text.substr(0, colon);
  const auto argument = colon == std::string::npos ? std::string() : text.substr(colon + 1);
  if (kind == "maildir" || kind == "lmtp") return route::parse_store(text);
  if (kind == "smtp") {
    auto next_hop = parse_next_hop(argument);
    if (!next_hop) return std::unexpected(next_hop.error());
    return DeliverTarget{.kind = DeliverKind::smtp, .argument = std::move(*next_hop)};
  }
  if (kind == "mx" && argument.empty()) return DeliverTarget{.kind = DeliverKind::mx, .argument = {}};
  if (kind == "discard" && argument.empty()) return DeliverTarget{.kind = DeliverKind::discard, .argument = {}};
  return invalid(
      fmt::format("\"{}\" is none of maildir:/path/{{domain}}/{{local}}, lmtp:unix:/path, lmtp:address:port, "
                  "smtp:host, mx, discard:",
                  base::printable(text)));
}

std::string show_deliver(const DeliverTarget& target) {
  switch (target.kind) {
    case DeliverKind::maildir:
      return "maildir:" + target.argument;
    case DeliverKind::lmtp:
      return "lmtp:" + target.argument;
    case DeliverKind::smtp:
      return "smtp:" + target.argument;
    case DeliverKind::mx:
      return "mx";
    case DeliverKind::discard:
      return "discard:";
  }
  return {};
}

// ---- recipients
// -------------------------------------------------------------------------------------------------------

Type<std::string> local_part() {
  return scalar<std::string>(
      "local part",
      [](const std::string& text) -> base::Result<std::string> {
        if (!parse_address(text + "@example.com") || text.find('@') != std::string::npos)
          return invalid(fmt::format("\"{}\" is not the local part of an address", base::printable(text)));
        return text;
      },
      show_text);
}

Type<DomainSettings> recipients() {
  const auto rule = word<RecipientRule>({{"accounts", RecipientRule::accounts},
                                         {"any", RecipientRule::any},
                                         {"lmtp", RecipientRule::lmtp},
                                         {"callout", RecipientRule::callout}});
  const auto names = list_of(local_part());
  return {.name = "accounts | any | lmtp | callout | table:NAME | list of local parts",
          .read =
              [=](DomainSettings& target, const YAML::Node& node, Reader& reader) {
                if (node.IsScalar() && node.Scalar().starts_with("table:")) {
                  target.recipients = RecipientRule::table;
                  const auto name = parse_table_reference(node.Scalar());
                  if (name)
                    target.table = *name;
                  else
                    reader.fail(fmt::format("{}: {}", reader.path(), name.error().message));
                  return;
                }
                if (!node.IsSequence()) return rule.read(target.recipients, node, reader);
                target.recipients = RecipientRule::list;
                names.read(target.local_parts, node, reader);
              },
          .show =
              [=](const DomainSettings& domain) {
                if (domain.recipients == RecipientRule::table) return "table:" + domain.table;
                return domain.recipients == RecipientRule::list ? names.show(domain.local_parts)
                                                                : rule.show(domain.recipients);
              }};
}

// ---- users
// ------------------------------------------------------------------------------------------------------------

Type<DomainSettings> users() {
  const auto local = local_part();
  auto key = local;
  key.read = [local](std::string& target, const YAML::Node& node, Reader& reader) {
    local.read(target, node, reader);
    target = base::to_lower(target);
  };
  const auto stores =
      map_of(key,
             scalar<DeliverTarget>(
                 "store", [](const std::string& text) { return route::parse_store(text); }, show_deliver),
             "LOCAL_PART");
  return {.name = stores.name + ", or table:NAME",
          .read =
              [=](DomainSettings& target, const YAML::Node& node, Reader& reader) {
                if (!node.IsScalar()) return stores.read(target.users, node, reader);
                const auto name = parse_table_reference(node.Scalar());
                if (name)
                  target.user_table = *name;
                else
                  reader.fail(fmt::format("{}: {}", reader.path(), name.error().message));
              },
          .show =
              [=](const DomainSettings& domain) {
                return domain.user_table.empty() ? stores.show(domain.users) : "table:" + domain.user_table;
              },
          .may_be_empty = true};
}

// ---- the tls and credentials of a route
// -------------------------------------------------------------------------------

Type<RouteSettings> route_tls() {
  const auto level = tls_level();
  const auto full = record<RouteSettings>({
      make_field<RouteSettings>(
          "level", [](auto& r) -> auto& { return r.tls; }, level, "", Reload::yes, Need::required),
      make_field<RouteSettings>(
          "name", [](auto& r) -> auto& { return r.tls_name; }, domain_name(), ""),
      make_field<RouteSettings>(
          "certificate", [](auto& r) -> auto& { return r.certificate; }, absolute_path(), ""),
      make_field<RouteSettings>(
          "private_key", [](auto& r) -> auto& { return r.private_key; }, absolute_path(), ""),
  });
  return {.name = level.name + ", or {level, name: domain name, certificate: path, private_key: path}",
          .read =
              [=](RouteSettings& target, const YAML::Node& node, Reader& reader) {
                target.has_tls = true;
                if (node.IsMap())
                  full.read(target, node, reader);
                else
                  level.read(target.tls, node, reader);
              },
          .show =
              [=](const RouteSettings& route) {
                if (!route.has_tls) return std::string("that of delivery.tls");
                auto text = level.show(route.tls);
                if (!route.tls_name.empty()) text += ", name: " + route.tls_name;
                if (!route.certificate.empty()) text += ", certificate: " + route.certificate;
                return text == level.show(route.tls) ? text : "{level: " + text + "}";
              }};
}

Type<std::string> mechanism() {
  return scalar<std::string>(
      "AUTH mechanism",
      [](const std::string& text) -> base::Result<std::string> {
        static constexpr std::string_view known[] = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN",
                                                     "EXTERNAL"};
        auto name = base::to_upper(text);
        if (std::ranges::find(known, name) == std::end(known))
          return invalid(fmt::format("\"{}\" is none of {}", base::printable(text), fmt::join(known, ", ")));
        return name;
      },
      show_text);
}

Type<std::string> next_hop() {
  return scalar<std::string>("next hop", parse_next_hop, show_text);
}

}  // namespace

Fields<DomainSettings> domain_fields() {
  return {
      make_field<DomainSettings>(
          "deliver", [](auto& d) -> auto& { return d.deliver; },
          scalar<DeliverTarget>("delivery", parse_deliver, show_deliver),
          "Where its mail goes: `maildir:/var/vmail/{domain}/{local}` (also `{detail}`), "
          "`lmtp:unix:/run/dovecot/lmtp`, "
          "`lmtp:127.0.0.1:24`, `smtp:[10.0.0.7]:25`, `mx` (backup MX: the better hosts in DNS), `discard:`",
          Reload::yes, Need::required),
      make_field<DomainSettings>(
          "recipients", [](auto& d) -> auto& { return d; }, recipients(),
          "Which addresses exist, beside aliases: those in `accounts`, any, those that the LMTP server of `deliver` "
          "takes (`lmtp`) or the hosts that it names do (`callout`), the keys of a table (addresses; of a file also "
          "local parts), or the listed local parts"),
      make_field<DomainSettings>(
          "users", [](auto& d) -> auto& { return d; }, users(),
          "Users with a store of their own, `maildir:` or `lmtp:` as in `deliver`: by local part, or a table whose "
          "values "
          "are stores (its keys: addresses; of a file also local parts). They exist, whatever `recipients` says"),
      make_field<DomainSettings>(
          "catch_all", [](auto& d) -> auto& { return d.catch_all; }, or_empty(mail_address(), "none"),
          "Takes the mail for addresses that do not exist"),
  };
}

Fields<RouteSettings> route_fields() {
  using namespace std::chrono_literals;
  using std::chrono::days;
  const std::string usual = "as in `delivery`";
  return {
      make_field<RouteSettings>(
          "domains", [](auto& r) -> auto& { return r.domains; },
          list_of(scalar<std::string>("domain, *.domain or *", parse_domain_pattern, show_text), Single::accept),
          "Recipient domains it is for; empty: all"),
      make_field<RouteSettings>(
          "senders", [](auto& r) -> auto& { return r.senders; },
          list_of(scalar<std::string>("address or @domain", parse_address_pattern, show_text), Single::accept),
          "Senders it is for; empty: all"),
      make_field<RouteSettings>(
          "next_hop", [](auto& r) -> auto& { return r.next_hops; }, list_of(next_hop(), Single::accept),
          "Tried in order: `[10.0.0.5]:2525` and `[host.example]` without an MX lookup, a bare name through its MX; "
          "empty: "
          "the MX of the recipient's domain"),
      make_field<RouteSettings>(
          "next_hop_order", [](auto& r) -> auto& { return r.order; },
          word<route::NextHopOrder>({{"listed", route::NextHopOrder::listed}, {"random", route::NextHopOrder::random}}),
          "In which order several are tried: as listed, or shuffled for each attempt; one that is listed twice then "
          "comes "
          "first twice as often"),
      make_field<RouteSettings>(
          "address_family", [](auto& r) -> auto& { return r.address_family; }, optional_of(address_family(), usual),
          "As `delivery.address_family`, for this route"),
      make_field<RouteSettings>(
          "source_addresses", [](auto& r) -> auto& { return r.source_addresses; },
          list_of(source_address(), Single::accept), "As `delivery.source_addresses`, instead of those"),
      make_field<RouteSettings>(
          "tls", [](auto& r) -> auto& { return r; }, route_tls(),
          "How the connection must be protected. `verify` checks the certificate: for `name`, else for the host in "
          "`next_hop`, else for the domain or a name below it, or the MX host where DNS is signed. `certificate` and "
          "`private_key` are shown to hosts that ask for a client's"),
      make_field<RouteSettings>(
          "credentials.user", [](auto& r) -> auto& { return r.user; }, text(),
          "Name for AUTH at the next hop; needs at least `tls: require`"),
      make_field<RouteSettings>(
          "credentials.password_file", [](auto& r) -> auto& { return r.password_file; },
          or_empty(absolute_path(), "none"), "File whose first line is the password"),
      make_field<RouteSettings>(
          "credentials.mechanisms", [](auto& r) -> auto& { return r.mechanisms; }, list_of(mechanism(), Single::accept),
          "For AUTH, the best first: `SCRAM-SHA-256-PLUS`, `SCRAM-SHA-256`, `PLAIN`, `LOGIN`, and `EXTERNAL` by the "
          "certificate of `tls`; no other is used. Empty: the first four, and `PLAIN` or `LOGIN` also where SCRAM was "
          "refused"),
      make_field<RouteSettings>(
          "verp", [](auto& r) -> auto& { return r.verp; }, boolean(),
          "Whether each recipient sees a sender address of its own, of senders in local domains, as `verp.senders` "
          "says"),
      make_field<RouteSettings>(
          "hold", [](auto& r) -> auto& { return r.hold; }, boolean(), "Accept and keep such mail until it is released"),
      make_field<RouteSettings>(
          "connections", [](auto& r) -> auto& { return r.connections; },
          optional_of(number<std::size_t>(1, 10000), usual),
          "Most connections to the next hop at once, from all routes to it"),
      make_field<RouteSettings>(
          "rate", [](auto& r) -> auto& { return r.rate; }, optional_of(rate(), "none"),
          "Most messages to the next hop in a time, spread evenly"),
      make_field<RouteSettings>(
          "retry.first", [](auto& r) -> auto& { return r.retry.first; }, optional_of(duration(100ms, days(1)), usual),
          "As `delivery.retry.first`, for this route"),
      make_field<RouteSettings>(
          "retry.factor", [](auto& r) -> auto& { return r.retry.factor; }, optional_of(decimal(1, 10), usual),
          "As `delivery.retry.factor`"),
      make_field<RouteSettings>(
          "retry.max", [](auto& r) -> auto& { return r.retry.max; }, optional_of(duration(100ms, days(7)), usual),
          "As `delivery.retry.max`"),
      make_field<RouteSettings>(
          "retry.expire", [](auto& r) -> auto& { return r.retry.expire; },
          optional_of(duration(100ms, days(30)), usual), "As `delivery.retry.expire`"),
      make_field<RouteSettings>(
          "retry.warn", [](auto& r) -> auto& { return r.retry.warn; }, optional_of(duration(0s, days(30)), usual),
          "As `delivery.retry.warn`"),
      make_field<RouteSettings>(
          "retry.bounce_expire", [](auto& r) -> auto& { return r.retry.bounce_expire; },
          optional_of(duration(100ms, days(30)), usual), "As `delivery.retry.bounce_expire`"),
      make_field<RouteSettings>(
          "retry.bounce_first", [](auto& r) -> auto& { return r.retry.bounce_first; },
          optional_of(duration(0s, days(1)), usual),
          "As `delivery.retry.bounce_first`, which wins over this route's `first`; 0s: no other than for its other "
          "mail"),
      make_field<RouteSettings>(
          "retry.bounce_max", [](auto& r) -> auto& { return r.retry.bounce_max; },
          optional_of(duration(0s, days(7)), usual),
          "As `delivery.retry.bounce_max`, which wins over this route's `max`; 0s: no other than for its other mail"),
  };
}

}  // namespace godwit::config
