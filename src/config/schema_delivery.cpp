// SPDX-License-Identifier: Apache-2.0
// The keys of delivery, DNS, and of where things are.
#include <chrono>

#include "schema.hpp"

namespace godwit::config {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

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

// "*" stands for any run of characters.
Type<std::string> destination_pattern() {
  return scalar<std::string>(
      "site or domain, with *",
      [](const std::string& value) -> base::Result<std::string> {
        const bool plain = std::ranges::all_of(value, [](unsigned char c) { return c > ' ' && c != 0x7F; });
        if (value.empty() || !plain)
          return base::fail(base::ErrorKind::invalid,
                            fmt::format("\"{}\" is neither a site nor a domain", base::printable(value)));
        return base::to_lower(value);
      },
      [](const std::string& value) { return value; });
}

Fields<dispatch::Shaping> shaping_fields() {
  using dispatch::Shaping;
  const std::string usual = "as in `delivery`";
  return {
      make_field<Shaping>(
          "destinations", [](auto& s) -> auto& { return s.destinations; },
          list_of(destination_pattern(), Single::accept),
          "Sites as `godwitctl destinations` names them (a provider, a set of MX hosts, a next hop), or recipient "
          "domains, "
          "which become sites of their own",
          Reload::yes, Need::required),
      make_field<Shaping>(
          "connections", [](auto& s) -> auto& { return s.connections; },
          optional_of(number<std::size_t>(1, 10000), usual), "Most connections at once"),
      make_field<Shaping>(
          "rate", [](auto& s) -> auto& { return s.rate; }, optional_of(rate(), "none"),
          "Most messages in a time, spread evenly"),
      make_field<Shaping>(
          "messages_per_connection", [](auto& s) -> auto& { return s.messages_per_connection; },
          optional_of(number<std::size_t>(1, 100000), usual), "Before a connection is closed and a new one made"),
  };
}

}  // namespace

Fields<Document> delivery_part() {
  return {
      field(
          "delivery.port", [](auto& d) -> auto& { return d.settings.route.port; }, number<std::uint16_t>(1, 65535),
          "Port of hosts found through MX"),
      field(
          "delivery.connections", [](auto& d) -> auto& { return d.settings.dispatch.queue.connections; },
          number<std::size_t>(1, 100000),
          "Outgoing connections in use, in all; the last fifth is for destinations that were reached the last time. "
          "Those kept "
          "idle for the next message come on top"),
      field(
          "delivery.connections_per_destination",
          [](auto& d) -> auto& { return d.settings.dispatch.queue.connections_per_destination; },
          number<std::size_t>(1, 10000),
          "Most outgoing connections to one site (the MX hosts of one or many domains, a provider, a next hop). It "
          "begins with two, "
          "and grows with success"),
      field(
          "delivery.active_bytes", [](auto& d) -> auto& { return d.settings.dispatch.queue.active_bytes; },
          size(mib, tib), "Of messages in delivery at once; what has no room waits on the disk"),
      field(
          "delivery.messages_per_connection",
          [](auto& d) -> auto& { return d.settings.deliver.messages_per_connection; }, number<std::size_t>(1, 100000),
          "Before a connection is closed and a new one made"),
      field(
          "delivery.source_addresses", [](auto& d) -> auto& { return d.settings.deliver.source_addresses; },
          list_of(source_address()),
          "Local addresses to connect from, and the EHLO name of each; of several of a family each message takes one, "
          "and "
          "keeps it; empty: the system's choice"),
      field(
          "delivery.address_family", [](auto& d) -> auto& { return d.settings.route.address_family; }, address_family(),
          "Which addresses of a host are tried first, the others in turn with them: `prefer_ipv6`, `prefer_ipv4`; or "
          "at "
          "all: `ipv6`, `ipv4`"),
      field(
          "delivery.tls", [](auto& d) -> auto& { return d.settings.route.tls; }, tls_level(),
          "`opportunistic`: TLS where it is offered. `require`: never in clear. `verify`: only to a valid certificate. "
          "`dane`: only to one that signed DNS names"),
      field(
          "delivery.dane", [](auto& d) -> auto& { return d.settings.route.dane; }, boolean(),
          "A host whose certificate is named in signed DNS (TLSA records, RFC 7672) must show it; needs a resolver "
          "that "
          "`dns.trust_ad` trusts. Not with `none` and `verify`"),
      field(
          "delivery.mta_sts", [](auto& d) -> auto& { return d.settings.route.mta_sts; }, boolean(),
          "Obey the MTA-STS policies of domains reached through MX (RFC 8461), where no route says another `tls`. Not "
          "with `none`"),
      field(
          "delivery.https_port", [](auto& d) -> auto& { return d.settings.route.https_port; },
          number<std::uint16_t>(1, 65535),
          "Where MTA-STS policies are fetched. Every domain has them at 443: for tests"),
      field(
          "delivery.retry.first", [](auto& d) -> auto& { return d.settings.dispatch.queue.retry.first; },
          duration(100ms, days(1)), "Wait after the first failure; every wait has ±10 % of jitter"),
      field(
          "delivery.retry.factor", [](auto& d) -> auto& { return d.settings.dispatch.queue.retry.factor; },
          decimal(1, 10), "Each wait is so many times the one before"),
      field(
          "delivery.retry.max", [](auto& d) -> auto& { return d.settings.dispatch.queue.retry.max; },
          duration(100ms, days(7)), "Longest wait"),
      field(
          "delivery.retry.expire", [](auto& d) -> auto& { return d.settings.dispatch.queue.retry.expire; },
          duration(100ms, days(30)), "A message this old is returned to its sender"),
      field(
          "delivery.retry.warn", [](auto& d) -> auto& { return d.settings.dispatch.queue.retry.warn; },
          duration(0s, days(30)), "The sender is told after this delay; 0s: never"),
      field(
          "delivery.retry.bounce_expire",
          [](auto& d) -> auto& { return d.settings.dispatch.queue.retry.bounce_expire; }, duration(100ms, days(30)),
          "The same as expire, for bounces"),
      field(
          "delivery.retry.bounce_first", [](auto& d) -> auto& { return d.settings.dispatch.queue.retry.bounce_first; },
          duration(0s, days(1)), "The same as first, for bounces; 0s: no other than for other mail"),
      field(
          "delivery.retry.bounce_max", [](auto& d) -> auto& { return d.settings.dispatch.queue.retry.bounce_max; },
          duration(0s, days(7)), "The same as max, for bounces; 0s: no other than for other mail"),
      field(
          "delivery.timeouts.connect", [](auto& d) -> auto& { return d.settings.deliver.connect_timeout; },
          duration(100ms, 10min), "For the TCP connection to one address"),
      field(
          "delivery.timeouts.greeting", [](auto& d) -> auto& { return d.settings.deliver.greeting_timeout; },
          duration(100ms, 1h), "For the 220 greeting"),
      field(
          "delivery.timeouts.command", [](auto& d) -> auto& { return d.settings.deliver.command_timeout; },
          duration(100ms, 1h), "For the reply to a command"),
      field(
          "delivery.timeouts.data", [](auto& d) -> auto& { return d.settings.deliver.data_timeout; },
          duration(100ms, 1h), "For the reply to the final dot, and for each piece of the message"),
      field(
          "delivery.min_data_rate", [](auto& d) -> auto& { return d.settings.deliver.min_data_rate; },
          number<std::uint64_t>(0, 1000000000),
          "Bytes a second that a host must take of a message, beside `timeouts.data`; 0: no bound"),
      field(
          "delivery.chunking", [](auto& d) -> auto& { return d.settings.deliver.chunking; }, boolean(),
          "Send messages by `BDAT` to hosts that offer CHUNKING, which saves a round trip; false: always by `DATA`"),
      field(
          "delivery.conversion", [](auto& d) -> auto& { return d.settings.deliver.conversion; },
          word<deliver::Conversion>({{"always", deliver::Conversion::always},
                                     {"unless_signed", deliver::Conversion::unless_signed},
                                     {"never", deliver::Conversion::never}}),
          "Whether a message is changed where no host takes it as it is: internationalized headers into US-ASCII for "
          "hosts without SMTPUTF8, bodies into quoted-printable or base 64 for those without 8BITMIME or BINARYMIME. "
          "Signatures (DKIM, S/MIME, OpenPGP) break by it; what may not be changed is returned"),
      field(
          "delivery.hosts_per_attempt", [](auto& d) -> auto& { return d.settings.deliver.hosts; },
          number<std::size_t>(1, 10), "Most hosts tried before a message waits; of a domain with more, the best ones"),
      field(
          "delivery.addresses_per_attempt", [](auto& d) -> auto& { return d.settings.deliver.addresses; },
          number<std::size_t>(1, 100), "Most addresses, of all hosts, tried before a message waits"),
      field(
          "delivery.head_start", [](auto& d) -> auto& { return d.settings.deliver.head_start; }, duration(0s, 1min),
          "How long an address of a host is waited for before the next one is tried beside it; 0s: until it fails"),
      field(
          "delivery.soft_bounce", [](auto& d) -> auto& { return d.settings.dispatch.soft_bounce; }, boolean(),
          "Keep every permanent failure as a temporary one, while trying things out"),
      field(
          "delivery.maildir.group", [](auto& d) -> auto& { return d.settings.deliver.maildir.group; },
          or_empty(text(), "the service's own"), "Group of Maildir folders and files", Reload::restart),
      field(
          "delivery.maildir.directory_mode", [](auto& d) -> auto& { return d.settings.deliver.maildir.directory_mode; },
          file_mode(), "2770 with a group lets an IMAP server's user in", Reload::restart),
      field(
          "delivery.maildir.file_mode", [](auto& d) -> auto& { return d.settings.deliver.maildir.file_mode; },
          file_mode(), "Of messages", Reload::restart),
      field(
          "delivery.maildir.quota", [](auto& d) -> auto& { return d.settings.deliver.maildir.quota; }, size(0, tib),
          "Most bytes of one mailbox with all its folders (Maildir++: kept in its file maildirsize); 0: what that file "
          "says, if there is one",
          Reload::restart),
      field(
          "delivery.maildir.quota_messages", [](auto& d) -> auto& { return d.settings.deliver.maildir.quota_messages; },
          number<std::uint64_t>(0, 1000000000), "Most messages, beside `quota`; 0: any number", Reload::restart),
      field(
          "delivery.maildir.over_quota", [](auto& d) -> auto& { return d.settings.deliver.maildir.over_quota; },
          word<deliver::OverQuota>({{"defer", deliver::OverQuota::defer}, {"bounce", deliver::OverQuota::bounce}}),
          "What becomes of mail for a full mailbox: tried again (`452 4.2.2`) or returned (`552 5.2.2`)",
          Reload::restart),
      field(
          "delivery.maildir.detail_folders", [](auto& d) -> auto& { return d.settings.deliver.maildir.detail_folders; },
          word<deliver::DetailFolders>({{"never", deliver::DetailFolders::never},
                                        {"existing", deliver::DetailFolders::existing},
                                        {"create", deliver::DetailFolders::create}}),
          "Whether mail for `alice+lists` goes into the folder `.lists` of her Maildir: never, where there is one "
          "(in lower case), or always",
          Reload::restart),
      field(
          "shaping", [](auto& d) -> auto& { return d.settings.dispatch.shaping; }, records(shaping_fields()),
          "What some destinations are given instead of what `delivery` gives all; the first that fits counts"),
      field(
          "providers", [](auto& d) -> auto& { return d.settings.dispatch.providers; },
          map_of(destination_pattern(), list_of(destination_pattern(), Single::accept), "NAME"),
          "Patterns of MX hosts, by provider: domains whose hosts all fit share one site and its limits. Adds to the "
          "built-in ones; a name that is there is replaced"),
      field(
          "tlsrpt.enabled", [](auto& d) -> auto& { return d.settings.dispatch.tls_reports.enabled; }, boolean(),
          "Tell domains that ask for it, once a day, how TLS with their mail hosts went (RFC 8460)"),
      field(
          "tlsrpt.contact", [](auto& d) -> auto& { return d.settings.dispatch.tls_reports.contact; },
          or_empty(mail_address(), "the `postmaster`; without one nothing is reported"),
          "Who answers questions about a report"),
      field(
          "tlsrpt.from", [](auto& d) -> auto& { return d.settings.dispatch.tls_reports.from; },
          or_empty(mail_address(), "the contact"),
          "In the From field of reports by mail; the envelope's sender is empty"),
      field(
          "tlsrpt.organization", [](auto& d) -> auto& { return d.settings.dispatch.tls_reports.organization; },
          or_empty(text(), "the `hostname`"), "Who reports"),
  };
}

Fields<Document> storage_part() {
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
          "dns.randomize_case", [](auto& d) -> auto& { return d.settings.dns.randomize_case; }, boolean(),
          "Write names in queries in upper and lower case at random, and take no answer that does not repeat them so "
          "(0x20): "
          "harder to forge, but some servers cannot do it, and mail to their domains waits",
          at_start),
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
          "history.keep", [](auto& d) -> auto& { return d.settings.state.history.keep; }, duration(0s, 365 * 24h),
          "How long what happened to each message is remembered; 0: it is not"),
      field(
          "history.max_size", [](auto& d) -> auto& { return d.settings.state.history.max_size; },
          size(16 * mib, 16 * tib), "Of all its files; beyond it the oldest events go, whatever `keep` says"),
      field(
          "history.index", [](auto& d) -> auto& { return d.settings.state.history.index; }, boolean(),
          "Searches look things up; without it they read all events", at_start),
      field(
          "history.subjects", [](auto& d) -> auto& { return d.settings.server.record_subjects; }, boolean(),
          "What messages are about is recorded, in the log too, and can be searched"),
  };
}

Fields<Document> log_part() {
  constexpr auto at_start = Reload::restart;
  return {
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

}  // namespace godwit::config
