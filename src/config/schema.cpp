// SPDX-License-Identifier: Apache-2.0
// The keys of the file, in the order of the reference.
#include "schema.hpp"

#include <chrono>

#include "names.hpp"

namespace godwit::config {
namespace {

using namespace std::chrono_literals;
using server::ListenerSettings;
using std::chrono::days;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;
constexpr std::uint64_t tib = 1024 * gib;

const std::string later = "not supported in this version";

template <class Access, class T>
Field<Document> field(std::string key, Access access, Type<T> type, std::string help, Reload reload = Reload::yes) {
  return make_field<Document>(std::move(key), std::move(access), std::move(type), std::move(help), reload);
}

// A switch of what this version cannot do: its value has nowhere to go.
Field<Document> off(std::string key) {
  auto type = only_false();
  return {.key = std::move(key),
          .type = type.name,
          .help = "Not in this version",
          .read =
              [read = type.read](Document&, const YAML::Node& node, Reader& reader) {
                bool value = false;
                read(value, node, reader);
              },
          .show = [](const Document&) { return std::string("false"); }};
}

Type<std::string> detail_separator() {
  return scalar<std::string>(
      "one of + - = . _ # ~; \"\": none",
      [](const std::string& text) -> base::Result<std::string> {
        if (text.size() > 1 || text.find_first_not_of("+-=._#~") != std::string::npos)
          return base::fail(base::ErrorKind::invalid,
                            fmt::format("\"{}\" is not one of + - = . _ # ~, or \"\"", base::printable(text)));
        return text;
      },
      [](const std::string& text) { return text; });
}

Type<std::string> log_file() {
  auto type = or_empty(absolute_path(), "standard error");
  type.name = "absolute path | syslog; \"\": standard error";
  type.read = [read = type.read](std::string& target, const YAML::Node& node, Reader& reader) {
    if (node.IsScalar() && node.Scalar() == "syslog")
      target = "syslog";
    else
      read(target, node, reader);
  };
  return type;
}

Type<std::string> user_name() {
  return scalar<std::string>(
      "user; \"\": stay",
      [](const std::string& text) -> base::Result<std::string> {
        if (text.find_first_of(" \t\n:/") != std::string::npos)
          return base::fail(base::ErrorKind::invalid, fmt::format("\"{}\" is not a user", base::printable(text)));
        return text;
      },
      [](const std::string& text) { return text; });
}

// An address alone, or {address, hostname}.
Type<deliver::SourceAddress> source_address() {
  using deliver::SourceAddress;
  const auto alone = ip_address();
  const auto full = record<SourceAddress>({
      make_field<SourceAddress>(
          "address", [](auto& s) -> auto& { return s.address; }, alone, "", Reload::yes, Need::required),
      make_field<SourceAddress>(
          "hostname", [](auto& s) -> auto& { return s.hostname; }, host_name(), ""),
  });
  return {.name = "IP address or {address, hostname}",
          .read =
              [=](SourceAddress& target, const YAML::Node& node, Reader& reader) {
                if (node.IsMap())
                  full.read(target, node, reader);
                else
                  alone.read(target.address, node, reader);
              },
          .show = [](const SourceAddress& s) { return to_string(s.address) + " " + s.hostname; }};
}

Fields<ListenerSettings> listener_fields() {
  using smtp::Service, smtp::TlsMode, smtp::BareNewline;
  constexpr auto at_start = Reload::restart;
  return {
      make_field<ListenerSettings>(
          "address", [](auto& l) -> auto& { return l.address; }, tcp_endpoint({}),
          "Where to listen; `[::]` takes IPv6 and IPv4", at_start, Need::required),
      make_field<ListenerSettings>(
          "service", [](auto& l) -> auto& { return l.service; },
          word<Service>({{"mx", Service::mx}, {"submission", Service::submission}}),
          "`mx`: anyone may send to our domains, `trusted_networks` everywhere. `submission`: only our users, after "
          "AUTH",
          at_start),
      make_field<ListenerSettings>(
          "tls", [](auto& l) -> auto& { return l.tls; },
          word<TlsMode>({{"starttls", TlsMode::starttls}, {"implicit", TlsMode::implicit}, {"none", TlsMode::none}}),
          "`implicit`: TLS from the first byte, as on port 465", at_start),
      make_field<ListenerSettings>(
          "proxy_protocol", [](auto& l) -> auto& { return l.proxy_protocol; }, boolean(),
          "Connections begin with a PROXY header (v1 or v2) and come from `trusted_proxies` only; trust then comes "
          "only from "
          "the address in the header",
          at_start),
      make_field<ListenerSettings>(
          "bare_newline", [](auto& l) -> auto& { return l.bare_newline; },
          word<BareNewline>({{"reject", BareNewline::reject}, {"normalize", BareNewline::normalize}}),
          "What becomes of lines that end without CR LF; `normalize` only for trusted or authenticated clients",
          at_start),
  };
}

Fields<net::CertificateSettings> certificate_fields() {
  using net::CertificateSettings;
  return {
      make_field<CertificateSettings>(
          "certificate", [](auto& c) -> auto& { return c.certificate; }, absolute_path(),
          "PEM file with the certificate and its chain", Reload::yes, Need::required),
      make_field<CertificateSettings>(
          "private_key", [](auto& c) -> auto& { return c.private_key; }, absolute_path(), "PEM file with its key",
          Reload::yes, Need::required),
  };
}

using Part = Fields<Document>;

Part host_part() {
  return {
      field(
          "include", [](auto& d) -> auto& { return d.include; }, list_of(pattern(), Single::accept),
          "Further files, read in the order of their names, relative to this file; lists of maps and maps (listeners, "
          "certificates, domains, aliases, routes) add up, everything else may be set once"),
      field(
          "hostname", [](auto& d) -> auto& { return d.settings.hostname; }, host_name(),
          "Name of this host in the banner, EHLO, Received and Message-ID; itself a local domain. Required",
          Reload::restart),
      field(
          "origin", [](auto& d) -> auto& { return d.settings.route.origin; }, or_empty(domain_name(), "hostname"),
          "Domain that completes bare local addresses, such as cron's `root`"),
      field(
          "postmaster", [](auto& d) -> auto& { return d.settings.route.postmaster; },
          or_empty(mail_address(), "such mail is held"),
          "Takes the mail for `<Postmaster>` and `root`, and bounces that bounce"),
      field(
          "own_addresses", [](auto& d) -> auto& { return d.settings.route.own_addresses; }, list_of(ip_address()),
          "Public addresses that lead here (behind NAT), so that an MX list is cut at ourselves"),
      field(
          "threads", [](auto& d) -> auto& { return d.settings.threads; }, number<std::size_t>(0, 256),
          "Threads that serve connections; 0: one per core", Reload::restart),
      field(
          "user", [](auto& d) -> auto& { return d.settings.user; }, user_name(),
          "When started as root: becomes this user after binding", Reload::restart),
      field(
          "stop_grace", [](auto& d) -> auto& { return d.settings.stop_grace; }, duration(0s, 10min),
          "How long a stop waits for transactions in progress"),
  };
}

Part server_part() {
  return {
      field(
          "listeners", [](auto& d) -> auto& { return d.settings.server.listeners; }, records(listener_fields()),
          "Where mail is taken. Left out: `[::]:25` for mx and, with certificates, `[::]:587` and `[::]:465` for "
          "submission",
          Reload::restart),
      field(
          "tls.certificates", [](auto& d) -> auto& { return d.settings.tls.certificates; },
          records(certificate_fields()), "The client's SNI chooses; the first is the default"),
      field(
          "tls.minimum_version", [](auto& d) -> auto& { return d.settings.tls.minimum_version; },
          word<std::string>({{"1.2", "1.2"}, {"1.3", "1.3"}}), "Oldest version of TLS, in and out"),
      field(
          "tls.ca_file", [](auto& d) -> auto& { return d.settings.tls.ca_file; },
          or_empty(absolute_path(), "the system's"), "Authorities trusted when a server's certificate is verified"),
      field(
          "limits.message_size", [](auto& d) -> auto& { return d.settings.server.message_size; }, size(kib, 2 * gib),
          "Largest message, offered with SIZE", Reload::restart),
      field(
          "limits.recipients", [](auto& d) -> auto& { return d.settings.server.recipients; },
          number<std::size_t>(1, 100000), "Of one message; more are answered `452 4.5.3`"),
      field(
          "limits.connections", [](auto& d) -> auto& { return d.settings.policy.connections; },
          number<std::size_t>(1, 1000000), "Incoming connections in all"),
      field(
          "limits.connections_per_client", [](auto& d) -> auto& { return d.settings.policy.connections_per_client; },
          number<std::size_t>(1, 1000000), "Of one IPv4 address or IPv6 /64; `trusted_networks` are exempt"),
      field(
          "limits.memory", [](auto& d) -> auto& { return d.settings.spool.memory; }, size(16 * mib, tib),
          "For message bodies in flight; beyond it `452`", Reload::restart),
      field(
          "limits.errors", [](auto& d) -> auto& { return d.settings.server.errors; }, number(1, 1000),
          "Protocol errors of one connection before `421`"),
      field(
          "limits.command_timeout", [](auto& d) -> auto& { return d.settings.server.command_timeout; },
          duration(100ms, 1h), "Wait for a client's next command (RFC 5321 section 4.5.3.2.7 asks for 5m)"),
      field(
          "limits.data_timeout", [](auto& d) -> auto& { return d.settings.server.data_timeout; }, duration(100ms, 1h),
          "Wait for a client's next piece of a message"),
      field(
          "trusted_networks", [](auto& d) -> auto& { return d.settings.policy.trusted_networks; },
          list_of(ip_network()), "May relay to everywhere without AUTH on service mx"),
      field(
          "trusted_proxies", [](auto& d) -> auto& { return d.settings.server.trusted_proxies; }, list_of(ip_network()),
          "May connect to listeners with `proxy_protocol`"),
      field(
          "accounts", [](auto& d) -> auto& { return d.settings.auth.stores; }, list_of(absolute_path(), Single::accept),
          "Files with the accounts that may log in and receive (see conf/accounts.yaml.example)"),
  };
}

Part route_part() {
  return {
      field(
          "detail_separator", [](auto& d) -> auto& { return d.settings.route.detail_separator; }, detail_separator(),
          "alice+lists@… is delivered to alice@…"),
      field(
          "domains", [](auto& d) -> auto& { return d.settings.route.domains; },
          map_of(domain_name(), record(domain_fields()), "DOMAIN"), "The domains whose mail ends here"),
      field(
          "aliases", [](auto& d) -> auto& { return d.settings.route.aliases; },
          map_of(scalar<std::string>("address or @domain", parse_address_pattern, [](const auto& t) { return t; }),
                 list_of(mail_address(), Single::accept), "ADDRESS"),
          "Address → addresses; `@domain` is for all of a domain's addresses without an alias of their own"),
      field(
          "routes", [](auto& d) -> auto& { return d.settings.route.routes; }, records(route_fields()),
          "Ways to other domains than through their MX; the first that fits is taken"),
  };
}

Part delivery_part() {
  const auto retry = [](auto& d) -> auto& {
    return d.settings.dispatch.queue.retry;
  };
  const auto deliver = [](auto& d) -> auto& {
    return d.settings.deliver;
  };
  return {
      field(
          "delivery.port", [](auto& d) -> auto& { return d.settings.route.port; }, number<std::uint16_t>(1, 65535),
          "Port of hosts found through MX"),
      field(
          "delivery.connections", [](auto& d) -> auto& { return d.settings.dispatch.queue.connections; },
          number<std::size_t>(1, 100000), "Outgoing connections in all"),
      field(
          "delivery.connections_per_destination",
          [](auto& d) -> auto& { return d.settings.dispatch.queue.connections_per_destination; },
          number<std::size_t>(1, 10000), "Outgoing connections to one destination"),
      field(
          "delivery.messages_per_connection", [=](auto& d) -> auto& { return deliver(d).messages_per_connection; },
          number<std::size_t>(1, 100000), "Before a connection is closed and a new one made"),
      field(
          "delivery.source_addresses", [=](auto& d) -> auto& { return deliver(d).source_addresses; },
          list_of(source_address()),
          "Local addresses to connect from, and the EHLO name of each; empty: the system's choice"),
      field(
          "delivery.tls", [](auto& d) -> auto& { return d.settings.route.tls; }, tls_level(),
          "`opportunistic`: TLS where it is offered. `require`: never in clear. `verify`: only to a valid certificate"),
      off("delivery.dane"),
      off("delivery.mta_sts"),
      field(
          "delivery.retry.first", [=](auto& d) -> auto& { return retry(d).first; }, duration(100ms, days(1)),
          "Wait after the first failure; every wait has ±10 % of jitter"),
      field(
          "delivery.retry.factor", [=](auto& d) -> auto& { return retry(d).factor; }, decimal(1, 10),
          "Each wait is so many times the one before"),
      field(
          "delivery.retry.max", [=](auto& d) -> auto& { return retry(d).max; }, duration(100ms, days(7)),
          "Longest wait"),
      field(
          "delivery.retry.expire", [=](auto& d) -> auto& { return retry(d).expire; }, duration(100ms, days(30)),
          "A message this old is returned to its sender"),
      field(
          "delivery.retry.warn", [=](auto& d) -> auto& { return retry(d).warn; }, duration(0s, days(30)),
          "The sender is told after this delay; 0s: never"),
      field(
          "delivery.retry.bounce_expire", [=](auto& d) -> auto& { return retry(d).bounce_expire; },
          duration(100ms, days(30)), "The same as expire, for bounces"),
      field(
          "delivery.timeouts.connect", [=](auto& d) -> auto& { return deliver(d).connect_timeout; },
          duration(100ms, 10min), "For the TCP connection to one address"),
      field(
          "delivery.timeouts.greeting", [=](auto& d) -> auto& { return deliver(d).greeting_timeout; },
          duration(100ms, 1h), "For the 220 greeting"),
      field(
          "delivery.timeouts.command", [=](auto& d) -> auto& { return deliver(d).command_timeout; },
          duration(100ms, 1h), "For the reply to a command"),
      field(
          "delivery.timeouts.data", [=](auto& d) -> auto& { return deliver(d).data_timeout; }, duration(100ms, 1h),
          "For the reply to the final dot"),
      field(
          "delivery.soft_bounce", [](auto& d) -> auto& { return d.settings.dispatch.soft_bounce; }, boolean(),
          "Keep every permanent failure as a temporary one, while trying things out"),
      field(
          "delivery.maildir.group", [=](auto& d) -> auto& { return deliver(d).maildir.group; },
          or_empty(text(), "the service's own"), "Group of Maildir folders and files", Reload::restart),
      field(
          "delivery.maildir.directory_mode", [=](auto& d) -> auto& { return deliver(d).maildir.directory_mode; },
          file_mode(), "2770 with a group lets an IMAP server's user in", Reload::restart),
      field(
          "delivery.maildir.file_mode", [=](auto& d) -> auto& { return deliver(d).maildir.file_mode; }, file_mode(),
          "Of messages", Reload::restart),
  };
}

Part storage_part() {
  using dns::TrustAd;
  constexpr auto at_start = Reload::restart;
  return {
      field(
          "dns.servers", [](auto& d) -> auto& { return d.settings.dns.servers; }, list_of(tcp_endpoint(53)),
          "Resolvers to ask; empty: those of /etc/resolv.conf", at_start),
      field(
          "dns.timeout", [](auto& d) -> auto& { return d.settings.dns.timeout; }, duration(100ms, 1min),
          "Of one try; there are two", at_start),
      field(
          "dns.trust_ad", [](auto& d) -> auto& { return d.settings.dns.trust_ad; },
          word<TrustAd>({{"auto", TrustAd::automatic}, {"yes", TrustAd::yes}, {"no", TrustAd::no}}),
          "Whether a resolver's word that an answer is authentic counts; auto: of resolvers on loopback", at_start),
      field(
          "dns.cache_entries", [](auto& d) -> auto& { return d.settings.dns.cache_entries; },
          number<std::size_t>(0, 10000000), "Answers each thread keeps", at_start),
      field(
          "spool.directory", [](auto& d) -> auto& { return d.settings.spool.directory; }, absolute_path(),
          "All that is needed to deliver what was accepted", at_start),
      field(
          "spool.inline_limit", [](auto& d) -> auto& { return d.settings.spool.inline_limit; }, size(4 * kib, 16 * mib),
          "Larger messages get a file of their own", at_start),
      field(
          "spool.min_free", [](auto& d) -> auto& { return d.settings.spool.min_free; }, size(0, 16 * tib),
          "Below this free space mail is answered `452 4.3.1`", at_start),
      field(
          "spool.segment_size", [](auto& d) -> auto& { return d.settings.spool.segment_size; }, size(mib, gib),
          "Size of the journal's files", at_start),
      field(
          "state.directory", [](auto& d) -> auto& { return d.settings.state.directory; }, absolute_path(),
          "History and caches, which may be lost", at_start),
      field(
          "control.socket", [](auto& d) -> auto& { return d.settings.control.socket; }, absolute_path(),
          "Unix socket for godwitctl", at_start),
      unsupported_field<Document>("control.submit_socket", later),
      unsupported_field<Document>("control.http", later),
      unsupported_field<Document>("control.tokens", later),
      field(
          "log.level", [](auto& d) -> auto& { return d.settings.log.level; },
          word<log::Level>({{"debug", log::Level::debug},
                            {"info", log::Level::info},
                            {"warn", log::Level::warn},
                            {"error", log::Level::error}}),
          "Least important lines written"),
      field(
          "log.format", [](auto& d) -> auto& { return d.settings.log.format; },
          word<log::Format>({{"text", log::Format::text}, {"json", log::Format::json}}),
          "text: key=value; json: an object a line", at_start),
      field(
          "log.file", [](auto& d) -> auto& { return d.settings.log.file; }, log_file(),
          "Opened anew at a reload, after rotation", at_start),
  };
}

}  // namespace

Fields<Document> top_fields() {
  Part all;
  for (auto* part : {host_part, server_part, route_part, delivery_part, storage_part})
    for (auto& field : part()) all.push_back(std::move(field));
  return all;
}

}  // namespace godwit::config
