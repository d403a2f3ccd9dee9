// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/config_text.hpp"

namespace godwit::config {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::errors;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_below;
using testing::load_files;
using testing::load_text;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::warnings;

TEST(Load, HostnameAloneIsEnough) {
  const auto loaded = load_text("hostname: Mail.Example.com\n");
  EXPECT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.settings.hostname, "mail.example.com");
  EXPECT_EQ(loaded.settings.server.hostname, "mail.example.com");
  EXPECT_EQ(loaded.settings.deliver.hostname, "mail.example.com");
  EXPECT_EQ(loaded.settings.dispatch.hostname, "mail.example.com");
  EXPECT_EQ(loaded.settings.route.hostname, "mail.example.com");
  EXPECT_EQ(loaded.settings.route.origin, "mail.example.com");
}

TEST(Load, UnknownKeysNameTheirPlaceAndTheNearestKey) {
  EXPECT_THAT(errors(load_below("limits:\n  mesage_size: 1MiB\n")),
              ElementsAre("godwit.yaml:3:3: unknown key \"limits.mesage_size\" (did you mean message_size?)"));
  EXPECT_THAT(errors(load_below("lisseners: []\n")),
              ElementsAre("godwit.yaml:2:1: unknown key \"lisseners\" (did you mean listeners?)"));
}

TEST(Load, AComplaintIsOneLineWhateverItCites) {
  EXPECT_THAT(errors(load_below("origin: \"\\\x04\"\n")),
              ElementsAre(HasSubstr("YAML: unknown escape character: \\x04")));
}

TEST(Load, ShapingAndProvidersNameDestinations) {
  const auto loaded = load_below(
      "shaping:\n"
      "  - {destinations: [google, \"*.Slow.example\"], connections: 3, rate: 100/1m, messages_per_connection: 5}\n"
      "  - {destinations: \"*\", connections: 7}\n"
      "providers: {hoster: \"*.hoster.example\", yahoo: [\"*.other.example\"]}\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  const auto& dispatch = loaded.settings.dispatch;
  ASSERT_THAT(dispatch.shaping, SizeIs(2));
  EXPECT_THAT(dispatch.shaping[0].destinations, ElementsAre("google", "*.slow.example"));
  EXPECT_EQ(dispatch.shaping[0].rate, (base::Rate{.count = 100, .period = 1min}));
  EXPECT_EQ(dispatch.shaping[0].messages_per_connection, 5U);
  EXPECT_EQ(dispatch.shaping[1].connections, 7U);
  EXPECT_FALSE(dispatch.shaping[1].rate);
  EXPECT_THAT(dispatch.providers.at("hoster"), ElementsAre("*.hoster.example"));
  EXPECT_THAT(dispatch.providers.at("yahoo"), ElementsAre("*.other.example"));
  EXPECT_THAT(dispatch.providers.at("google"), Contains("*.google.com"));
}

TEST(Load, ShapingThatSaysNothingSensibleIsRefused) {
  EXPECT_THAT(errors(load_below("shaping: [{connections: 3}]\n")), ElementsAre(HasSubstr("needs destinations")));
  EXPECT_THAT(errors(load_below("shaping: [{destinations: a.example, rate: 100}]\n")),
              ElementsAre(HasSubstr("\"100\" is no rate")));
}

TEST(Load, RouteHasALimitAndAScheduleOfItsOwn) {
  const auto loaded =
      load_below("routes: [{next_hop: \"[10.0.0.5]\", connections: 2, rate: 10/1s, retry: {first: 1m, warn: 0s}}]\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  const auto& route = loaded.settings.route.routes.at(0);
  EXPECT_EQ(route.connections, 2U);
  EXPECT_EQ(route.rate, (base::Rate{.count = 10, .period = 1s}));
  EXPECT_EQ(route.retry.first, 1min);
  EXPECT_EQ(route.retry.warn, 0s);
  EXPECT_FALSE(route.retry.max);
}

TEST(Load, RouteHasAScheduleForReports) {
  const auto loaded = load_below(
      "routes: [{next_hop: \"[10.0.0.5]\", retry: {bounce_expire: 6h, bounce_first: 0s}}, {domains: [b.example], hold: "
      "yes, retry: {bounce_max: 1h}}]\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  const auto& routes = loaded.settings.route.routes;
  EXPECT_EQ(routes.at(0).retry.bounce_expire, 6h);
  EXPECT_EQ(routes.at(0).retry.bounce_first, 0s);
  EXPECT_FALSE(routes.at(0).retry.bounce_max);
  EXPECT_EQ(routes.at(1).retry.bounce_max, 1h);
}

TEST(Load, AKeyInTheWrongSectionIsFoundInTheRightOne) {
  EXPECT_THAT(errors(load_below("message_size: 1MiB\n")),
              ElementsAre("godwit.yaml:2:1: unknown key \"message_size\" (did you mean limits.message_size?)"));
}

TEST(Load, AllErrorsAreReportedInTheOrderOfTheFile) {
  const auto found =
      errors(load_text("threads: many\n"
                       "limits: {recipients: -1, message_size: huge}\n"
                       "dns: {timeout: 5}\n"
                       "nonsense: 1\n"));
  ASSERT_THAT(found, SizeIs(6));
  EXPECT_THAT(found[0], StartsWith("godwit.yaml:1:1: hostname is required"));
  EXPECT_THAT(found[1], StartsWith("godwit.yaml:1:10: threads: \"many\" is not a number"));
  EXPECT_THAT(found[2], StartsWith("godwit.yaml:2:22: limits.recipients: \"-1\" is not a number"));
  EXPECT_THAT(found[3], StartsWith("godwit.yaml:2:40: limits.message_size: \"huge\" is not a size"));
  EXPECT_THAT(found[4], StartsWith("godwit.yaml:3:16: dns.timeout: \"5\" is not a duration"));
  EXPECT_THAT(found[5], StartsWith("godwit.yaml:4:1: unknown key \"nonsense\""));
}

TEST(Load, ValuesOutOfBoundsSayTheBounds) {
  EXPECT_THAT(errors(load_below("delivery: {port: 70000}\n")),
              ElementsAre("godwit.yaml:2:18: delivery.port: 70000 is out of bounds: 1 to 65535"));
  EXPECT_THAT(errors(load_below("limits: {message_size: 3GiB}\n")),
              ElementsAre("godwit.yaml:2:24: limits.message_size: 3GiB is out of bounds: 1KiB to 2GiB"));
  EXPECT_THAT(errors(load_below("stop_grace: 1h\n")),
              ElementsAre("godwit.yaml:2:13: stop_grace: 1h is out of bounds: 0s to 10m"));
}

TEST(Load, AKeySetTwiceNamesBothPlaces) {
  EXPECT_THAT(errors(load_below("threads: 1\nthreads: 2\n")),
              ElementsAre("godwit.yaml:3:1: threads is set twice; the first is at godwit.yaml:2:10"));
  EXPECT_THAT(errors(load_below("limits: {errors: 5}\nlimits: {errors: 6}\n")),
              ElementsAre("godwit.yaml:3:1: limits is set twice; the first is at godwit.yaml:2:9"));
}

TEST(Load, ADomainSetTwiceIsNoticedInAnyCase) {
  EXPECT_THAT(errors(load_below("domains:\n"
                                "  example.com: {deliver: \"discard:\", recipients: any}\n"
                                "  Example.COM: {deliver: \"discard:\", recipients: any}\n")),
              ElementsAre("godwit.yaml:4:3: domains.example.com is set twice; the first is at godwit.yaml:3:16"));
}

TEST(Load, WrongShapesAreErrors) {
  EXPECT_THAT(errors(load_below("limits: 5\n")), ElementsAre(HasSubstr("2:9: limits is a section")));
  EXPECT_THAT(errors(load_below("threads: [1]\n")), ElementsAre(HasSubstr("2:10: threads: expected number")));
  EXPECT_THAT(errors(load_below("listeners: 25\n")), ElementsAre(HasSubstr("2:12: listeners: expected a list")));
  EXPECT_THAT(errors(load_below("listeners: [25]\n")), ElementsAre(HasSubstr("2:13: listeners[0]: expected keys")));
  EXPECT_THAT(errors(load_below("domains: [a]\n")), ElementsAre(HasSubstr("2:10: domains: expected keys and values")));
  EXPECT_THAT(errors(load_below("? [a]\n: b\n")), ElementsAre(HasSubstr("a key must be a word")));
  EXPECT_THAT(errors(load_text("- a\n")), Contains(HasSubstr("1:1: expected keys and values")));
}

TEST(Load, AKeyWithoutAValueIsAnErrorButAnEmptySectionIsNot) {
  EXPECT_THAT(errors(load_below("threads:\n")), ElementsAre("godwit.yaml:2:1: threads has no value"));
  EXPECT_THAT(errors(load_below("trusted_networks:\n")), ElementsAre("godwit.yaml:2:1: trusted_networks has no value"));
  EXPECT_THAT(errors(load_below("limits:\ndomains:\naliases:\n")), IsEmpty());
}

TEST(Load, YamlSyntaxErrorsHaveTheirPlace) {
  EXPECT_THAT(errors(load_text("hostname: a: b\n")), ElementsAre(StartsWith("godwit.yaml:1:12: YAML: ")));
  EXPECT_THAT(errors(load_text("hostname: a.example\n---\nthreads: 1\n")),
              ElementsAre(StartsWith("godwit.yaml:3:1: a second YAML document")));
}

TEST(Load, AnUnreadableOrBinaryFileIsOneError) {
  EXPECT_THAT(errors(load_files({})), ElementsAre(StartsWith("godwit.yaml:1:1: cannot be read: ")));
  EXPECT_THAT(errors(load_text("hostname: \xFF\n")), ElementsAre("godwit.yaml:1:1: is not a UTF-8 text file"));
  EXPECT_THAT(errors(load_text(std::string("hostname: a.example\0\n", 21))),
              ElementsAre("godwit.yaml:1:1: is not a UTF-8 text file"));
}

TEST(Load, HostileValuesAreReportedEscaped) {
  EXPECT_THAT(errors(load_text("hostname: \"a\\n\\e[31mb\"\n")), Contains(HasSubstr("\"a\\x0a\\x1b[31mb\"")));
}

// ---- several files
// ----------------------------------------------------------------------------------------------------

TEST(Include, ReadsFilesInTheOrderOfTheirNames) {
  const auto loaded = load_files({{"/etc/godwit/godwit.yaml", "hostname: mail.example.com\ninclude: conf.d/*.yaml\n"},
                                  {"/etc/godwit/conf.d/20.yaml", "routes: [{domains: b.example}]\n"},
                                  {"/etc/godwit/conf.d/10.yaml", "routes: [{domains: a.example}]\nthreads: 3\n"},
                                  {"/etc/godwit/conf.d/.hidden.yaml", "nonsense: 1\n"},
                                  {"/etc/godwit/conf.d/note.txt", "nonsense: 1\n"}},
                                 "/etc/godwit/godwit.yaml");
  EXPECT_THAT(errors(loaded), IsEmpty());
  EXPECT_EQ(loaded.settings.threads, 3U);
  ASSERT_THAT(loaded.settings.route.routes, SizeIs(2));
  EXPECT_THAT(loaded.settings.route.routes[0].domains, ElementsAre("a.example"));
  EXPECT_THAT(loaded.settings.route.routes[1].domains, ElementsAre("b.example"));
}

TEST(Include, MapsAddUpAndRepeatedKeysNameBothFiles) {
  const auto loaded = load_files({{"godwit.yaml",
                                   "hostname: mail.example.com\ninclude: [more.yaml]\n"
                                   "limits: {errors: 3}\n"
                                   "domains: {a.example: {deliver: \"discard:\", recipients: any}}\n"},
                                  {"more.yaml",
                                   "limits: {recipients: 100, errors: 4}\n"
                                   "domains:\n"
                                   "  b.example: {deliver: \"discard:\", recipients: any}\n"
                                   "  a.example: {deliver: \"discard:\", recipients: any}\n"}});
  EXPECT_THAT(errors(loaded),
              ElementsAre("more.yaml:1:27: limits.errors is set twice; the first is at godwit.yaml:3:18",
                          "more.yaml:4:3: domains.a.example is set twice; the first is at godwit.yaml:4:22"));
  EXPECT_EQ(loaded.settings.server.recipients, 100U);
  EXPECT_TRUE(loaded.settings.route.domains.contains("b.example"));
}

TEST(Include, ErrorsComeFileByFile) {
  EXPECT_THAT(errors(load_files({{"godwit.yaml", "hostname: mail.example.com\ninclude: more.yaml\nwrong: 1\n"},
                                 {"more.yaml", "threads: x\ninclude: godwit.yaml\n"}})),
              ElementsAre(StartsWith("godwit.yaml:3:1: unknown key"), StartsWith("more.yaml:1:10: threads"),
                          StartsWith("more.yaml:2:1: an included file cannot include")));
}

TEST(Include, AMissingFileIsAnErrorAnEmptyPatternIsNot) {
  EXPECT_THAT(
      errors(load_files({{"godwit.yaml", "hostname: mail.example.com\ninclude: [conf.d/*.yaml, more.yaml]\n"}})),
      ElementsAre(StartsWith("more.yaml:1:1: cannot be read")));
}

TEST(Include, AFileThatCannotBeReadBringsNoFurtherComplaints) {
  EXPECT_THAT(errors(load_files({{"godwit.yaml", "include: more.yaml\n"}, {"more.yaml", "hostname: [\n"}})), SizeIs(1));
}

// ---- every key lands
// --------------------------------------------------------------------------------------------------

TEST(Load, EveryScalarLandsInItsSettings) {
  const auto loaded = load_below(R"(
origin: Example.com
postmaster: Alice@Example.com
own_addresses: [192.0.2.1, "2001:db8::1"]
threads: 2
user: ""
stop_grace: 10s
limits: {message_size: 1MiB, recipients: 7, messages_per_connection: 8, recipient_domains: 9, connections: 11, connections_per_client: 3, memory: 64MiB, errors: 4,
         command_timeout: 1m, data_timeout: 2m}
trusted_networks: [10.0.0.0/8]
trusted_proxies: [10.1.0.1]
detail_separator: "-"
delivery:
  port: 2525
  connections: 50
  connections_per_destination: 5
  messages_per_connection: 6
  source_addresses: [192.0.2.7, {address: 192.0.2.8, hostname: out.example.com}]
  tls: require
  retry: {first: 1m, factor: 1.5, max: 1h, expire: 2d, warn: 0s, bounce_expire: 12h,
          bounce_first: 2m, bounce_max: 30m}
  timeouts: {connect: 1s, greeting: 2s, command: 3s, data: 4s}
  soft_bounce: yes
  maildir: {group: mail, directory_mode: 2770, file_mode: 0660}
dns: {servers: ["127.0.0.1:5353", "::1"], timeout: 1s, trust_ad: no, cache_entries: 10}
spool: {directory: /s, inline_limit: 8KiB, min_free: 1MiB, segment_size: 1MiB}
state: {directory: /t}
control: {socket: /c}
log: {level: debug, format: json, file: /l}
)");
  ASSERT_THAT(errors(loaded), IsEmpty());
  const auto& s = loaded.settings;
  EXPECT_EQ(s.route.origin, "example.com");
  EXPECT_EQ(s.route.postmaster, "Alice@example.com");
  EXPECT_THAT(s.route.own_addresses, SizeIs(2));
  EXPECT_EQ(s.threads, 2U);
  EXPECT_EQ(s.user, "");
  EXPECT_EQ(s.stop_grace, 10s);
  EXPECT_EQ(s.server.message_size, 1U << 20U);
  EXPECT_EQ(s.spool.message_size, 17U << 20U);
  EXPECT_EQ(s.server.recipients, 7U);
  EXPECT_EQ(s.server.messages_per_connection, 8U);
  EXPECT_EQ(s.server.recipient_domains, 9U);
  EXPECT_EQ(s.policy.connections, 11U);
  EXPECT_EQ(s.policy.connections_per_client, 3U);
  EXPECT_EQ(s.spool.memory, 64U << 20U);
  EXPECT_EQ(s.server.errors, 4);
  EXPECT_EQ(s.server.command_timeout, 1min);
  EXPECT_EQ(s.server.data_timeout, 2min);
  EXPECT_THAT(s.policy.trusted_networks, ElementsAre(*base::IpNetwork::parse("10.0.0.0/8")));
  EXPECT_THAT(s.server.trusted_proxies, ElementsAre(*base::IpNetwork::parse("10.1.0.1")));
  EXPECT_EQ(s.route.detail_separator, "-");
  EXPECT_EQ(s.route.port, 2525);
  EXPECT_EQ(s.dispatch.queue.connections, 50U);
  EXPECT_EQ(s.dispatch.queue.connections_per_destination, 5U);
  EXPECT_EQ(s.dispatch.queue.retry.bounce_first, 2min);
  EXPECT_EQ(s.dispatch.queue.retry.bounce_max, 30min);
  EXPECT_EQ(s.deliver.messages_per_connection, 6U);
  ASSERT_THAT(s.deliver.source_addresses, SizeIs(2));
  EXPECT_EQ(s.deliver.source_addresses[0].hostname, "");
  EXPECT_EQ(s.deliver.source_addresses[1].address, *base::IpAddress::parse("192.0.2.8"));
  EXPECT_EQ(s.deliver.source_addresses[1].hostname, "out.example.com");
  EXPECT_EQ(s.route.tls, route::TlsLevel::require);
  EXPECT_EQ(s.dispatch.queue.retry.first, 1min);
  EXPECT_EQ(s.dispatch.queue.retry.factor, 1.5);
  EXPECT_EQ(s.dispatch.queue.retry.max, 1h);
  EXPECT_EQ(s.dispatch.queue.retry.expire, 48h);
  EXPECT_EQ(s.dispatch.queue.retry.warn, 0s);
  EXPECT_EQ(s.dispatch.queue.retry.bounce_expire, 12h);
  EXPECT_EQ(s.deliver.connect_timeout, 1s);
  EXPECT_EQ(s.deliver.greeting_timeout, 2s);
  EXPECT_EQ(s.deliver.command_timeout, 3s);
  EXPECT_EQ(s.deliver.data_timeout, 4s);
  EXPECT_TRUE(s.dispatch.soft_bounce);
  EXPECT_EQ(s.deliver.maildir.group, "mail");
  EXPECT_EQ(s.deliver.maildir.directory_mode, 02770U);
  EXPECT_EQ(s.deliver.maildir.file_mode, 0660U);
  EXPECT_THAT(s.dns.servers, ElementsAre(*base::Endpoint::parse("127.0.0.1:5353"), *base::Endpoint::parse("[::1]:53")));
  EXPECT_EQ(s.dns.timeout, 1s);
  EXPECT_EQ(s.dns.trust_ad, dns::TrustAd::no);
  EXPECT_EQ(s.dns.cache_entries, 10U);
  EXPECT_EQ(s.spool.directory, "/s");
  EXPECT_EQ(s.spool.inline_limit, 8192U);
  EXPECT_EQ(s.spool.min_free, 1U << 20U);
  EXPECT_EQ(s.spool.segment_size, 1U << 20U);
  EXPECT_EQ(s.state.directory, "/t");
  EXPECT_EQ(s.control.socket, "/c");
  EXPECT_EQ(s.log.level, log::Level::debug);
  EXPECT_EQ(s.log.format, log::Format::json);
  EXPECT_EQ(s.log.file, "/l");
}

TEST(Load, DomainsAliasesAndRoutesLand) {
  const auto loaded = load_below(R"(
accounts: /a.yaml
domains:
  Example.com: {deliver: "maildir:/m/{domain}/{local}", catch_all: rest@example.com}
  two.example: {deliver: "lmtp:unix:/run/lmtp", recipients: any}
  three.example: {deliver: "smtp:[10.0.0.7]:25", recipients: [info, Sales]}
  four.example: {deliver: mx, recipients: any}
  five.example: {deliver: "discard:", recipients: any}
aliases:
  Postmaster@Example.com: [alice@Example.com, bob@two.example]
  "@old.example": alice@example.com
routes:
  - domains: [partner.example, "*.Corp.example"]
    senders: ["@example.com", boss@two.example]
    next_hop: "[10.0.0.5]:2525"
    tls: {level: verify, name: mx.corp.example}
    credentials: {user: relay, password_file: /p}
    hold: true
  - {domains: "*", next_hop: [relay.example.net, "[b.example]:587", "[2001:db8::1]"], tls: none}
)");
  ASSERT_THAT(errors(loaded), IsEmpty());
  ASSERT_EQ(loaded.settings.auth.stores.size(), 1U);
  EXPECT_EQ(loaded.settings.auth.stores[0].path, "/a.yaml");
  const auto& domains = loaded.settings.route.domains;
  EXPECT_EQ(domains.at("example.com").deliver.kind, route::DeliverKind::maildir);
  EXPECT_EQ(domains.at("example.com").deliver.argument, "/m/{domain}/{local}");
  EXPECT_EQ(domains.at("example.com").catch_all, "rest@example.com");
  EXPECT_EQ(domains.at("example.com").recipients, route::RecipientRule::accounts);
  EXPECT_EQ(domains.at("two.example").deliver.argument, "unix:/run/lmtp");
  EXPECT_EQ(domains.at("three.example").deliver.argument, "[10.0.0.7]:25");
  EXPECT_EQ(domains.at("three.example").recipients, route::RecipientRule::list);
  EXPECT_THAT(domains.at("three.example").local_parts, ElementsAre("info", "Sales"));
  EXPECT_EQ(domains.at("four.example").deliver.kind, route::DeliverKind::mx);
  EXPECT_EQ(domains.at("five.example").deliver.kind, route::DeliverKind::discard);
  const auto& aliases = loaded.settings.route.aliases;
  EXPECT_THAT(aliases.at("Postmaster@example.com"), ElementsAre("alice@example.com", "bob@two.example"));
  EXPECT_THAT(aliases.at("@old.example"), ElementsAre("alice@example.com"));
  const auto& routes = loaded.settings.route.routes;
  EXPECT_THAT(routes[0].domains, ElementsAre("partner.example", "*.corp.example"));
  EXPECT_THAT(routes[0].senders, ElementsAre("@example.com", "boss@two.example"));
  EXPECT_THAT(routes[0].next_hops, ElementsAre("[10.0.0.5]:2525"));
  EXPECT_EQ(routes[0].tls, route::TlsLevel::verify);
  EXPECT_EQ(routes[0].tls_name, "mx.corp.example");
  EXPECT_EQ(routes[0].user, "relay");
  EXPECT_EQ(routes[0].password_file, "/p");
  EXPECT_TRUE(routes[0].hold);
  EXPECT_THAT(routes[1].next_hops, ElementsAre("relay.example.net", "[b.example]:587", "[2001:db8::1]"));
  EXPECT_TRUE(routes[1].has_tls);
  EXPECT_EQ(routes[1].tls, route::TlsLevel::none);
}

TEST(Load, TheBenchConfigurationHasNeitherErrorsNorWarnings) {
  const auto loaded = load_text(R"(hostname: peer.bench.test
user: ""
listeners:
  - {address: "127.0.0.1:2525", service: mx, tls: none}
limits: {connections: 1100, connections_per_client: 1100}
trusted_networks: [127.0.0.0/8]
routes:
  - {domains: ["*"], next_hop: "[127.0.0.1]:2526", tls: none, hold: false}
spool: {directory: "/tmp/b/spool", min_free: 1MiB}
state: {directory: "/tmp/b/state"}
control: {socket: "/tmp/b/control.sock"}
log: {file: "/tmp/b/godwit.log"}
)");
  EXPECT_THAT(errors(loaded), IsEmpty());
  EXPECT_THAT(warnings(loaded), IsEmpty());
}

}  // namespace
}  // namespace godwit::config
