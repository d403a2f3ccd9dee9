// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/config_text.hpp"

namespace godwit::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::errors;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_below;
using testing::load_text;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::warnings;

const std::string certificates = "tls: {certificates: [{certificate: /c, private_key: /k}]}\n";
const std::string accounts = "accounts: /a.yaml\n";

TEST(Hostname, MustBeAFullName) {
  for (const auto* name : {"mail", "192.0.2.1", "mail..example.com", "-a.example", "a b.example", "\"\""})
    EXPECT_THAT(errors(load_text(std::string("hostname: ") + name)), SizeIs(1)) << name;
  EXPECT_THAT(errors(load_text("hostname: mail\n")), ElementsAre(HasSubstr("such as mail.example.com")));
}

TEST(Hostname, AMisspeltKeyIsReportedOnce) {
  EXPECT_THAT(errors(load_text("hostnam: mail.example.com\n")),
              ElementsAre("godwit.yaml:1:1: unknown key \"hostnam\" (did you mean hostname?)"));
  EXPECT_THAT(errors(load_below("acounts: /a.yaml\ndomains: {a.example: {deliver: \"discard:\"}}\n")), SizeIs(1));
}

TEST(Listeners, DefaultIsPort25AloneWithoutCertificates) {
  const auto loaded = load_below("");
  ASSERT_THAT(loaded.settings.server.listeners, SizeIs(1));
  EXPECT_EQ(to_string(loaded.settings.server.listeners[0].address), "[::]:25");
  EXPECT_EQ(loaded.settings.server.listeners[0].tls, smtp::TlsMode::none);
  EXPECT_THAT(warnings(loaded), ElementsAre(HasSubstr("STARTTLS is not offered")));
}

TEST(Listeners, DefaultWithCertificatesAddsSubmission) {
  const auto loaded = load_below(certificates + accounts);
  EXPECT_THAT(errors(loaded), IsEmpty());
  EXPECT_THAT(warnings(loaded), IsEmpty());
  const auto& listeners = loaded.settings.server.listeners;
  ASSERT_THAT(listeners, SizeIs(3));
  EXPECT_EQ(listeners[0].tls, smtp::TlsMode::starttls);
  EXPECT_EQ(to_string(listeners[1].address), "[::]:587");
  EXPECT_EQ(listeners[1].service, smtp::Service::submission);
  EXPECT_EQ(listeners[1].tls, smtp::TlsMode::starttls);
  EXPECT_EQ(to_string(listeners[2].address), "[::]:465");
  EXPECT_EQ(listeners[2].tls, smtp::TlsMode::implicit);
}

TEST(Listeners, AnEmptyListIsMeantAndWarned) {
  const auto loaded = load_below("listeners: []\n");
  EXPECT_THAT(loaded.settings.server.listeners, IsEmpty());
  EXPECT_THAT(warnings(loaded), ElementsAre(HasSubstr("2:12: warning: no listeners")));
}

TEST(Listeners, SubmissionNeedsCertificates) {
  EXPECT_THAT(errors(load_below("listeners: [{address: \"[::]:587\", service: submission}]\n")),
              ElementsAre(HasSubstr("2:13: a submission listener needs tls.certificates")));
  EXPECT_THAT(
      errors(load_below(certificates + "listeners: [{address: \"[::]:587\", service: submission, tls: none}]\n")),
      ElementsAre(HasSubstr("3:61: a submission listener cannot have tls: none")));
  EXPECT_THAT(errors(load_below("listeners: [{address: \"[::]:25\", tls: implicit}]\n")),
              ElementsAre(HasSubstr("this listener needs tls.certificates")));
  EXPECT_THAT(errors(load_below("listeners: [{address: \"[::]:25\", tls: starttls}]\n")), SizeIs(1));
}

TEST(Listeners, NeedAnAddressWithAPort) {
  EXPECT_THAT(errors(load_below("listeners: [{service: mx}]\n")),
              ElementsAre("godwit.yaml:2:13: listeners[0] needs address"));
  EXPECT_THAT(errors(load_below("listeners: [{address: 25}]\n")), ElementsAre(HasSubstr("is not an address and port")));
  EXPECT_THAT(errors(load_below("listeners: [{address: \"unix:/x\"}]\n")), SizeIs(1));
  EXPECT_THAT(errors(load_below("listeners: [{address: \"[::]:25\", service: relay}]\n")),
              ElementsAre(HasSubstr("\"relay\" is none of mx | submission")));
}

TEST(Listeners, ProxyProtocolNeedsTrustedProxies) {
  const std::string listener = "listeners: [{address: \"[::]:25\", proxy_protocol: true}]\n";
  EXPECT_THAT(errors(load_below(listener)), ElementsAre(HasSubstr("2:50: a listener with proxy_protocol needs")));
  const auto loaded = load_below(listener + "trusted_proxies: [192.0.2.1]\n");
  EXPECT_THAT(errors(loaded), IsEmpty());
  EXPECT_TRUE(loaded.settings.server.listeners[0].proxy_protocol);
}

TEST(Listeners, OneAddressOnlyOnce) {
  const auto twice = [](const std::string& a, const std::string& b) {
    return errors(load_below("listeners:\n - {address: \"" + a + "\"}\n - {address: \"" + b + "\"}\n"));
  };
  EXPECT_THAT(twice("[::]:25", "[::]:25"),
              ElementsAre("godwit.yaml:4:14: [::]:25 is listened on twice; the first is at godwit.yaml:3:14"));
  EXPECT_THAT(twice("[::]:25", "0.0.0.0:25"), SizeIs(1));
  EXPECT_THAT(twice("127.0.0.1:25", "[::ffff:127.0.0.1]:25"), SizeIs(1));
  EXPECT_THAT(twice("127.0.0.1:25", "127.0.0.2:25"), IsEmpty());
  EXPECT_THAT(twice("127.0.0.1:0", "127.0.0.1:0"), IsEmpty());
}

TEST(TrustedNetworks, TheWholeInternetIsAnOpenRelay) {
  EXPECT_THAT(errors(load_below("trusted_networks: [10.0.0.0/8, 0.0.0.0/0, \"::/0\", \"::ffff:0.0.0.0/96\"]\n")),
              ElementsAre(StartsWith("godwit.yaml:2:32: 0.0.0.0/0 would make this host an open relay"),
                          StartsWith("godwit.yaml:2:43: ::/0 would"), StartsWith("godwit.yaml:2:51: 0.0.0.0/0 would")));
}

TEST(Domains, NeedADeliveryAndAnAccountsFile) {
  EXPECT_THAT(errors(load_below("domains:\n  a.example: {recipients: any}\n")),
              ElementsAre(HasSubstr("domains.a.example needs deliver")));
  EXPECT_THAT(errors(load_below("domains:\n  a.example: {deliver: \"discard:\"}\n")),
              ElementsAre(HasSubstr("3:14: the recipients of a.example are those with accounts")));
  EXPECT_THAT(errors(load_below(accounts + "domains:\n  a.example: {deliver: \"discard:\"}\n")), IsEmpty());
  EXPECT_THAT(errors(load_below("domains: {a..b: {deliver: mx, recipients: any}}\n")),
              ElementsAre(HasSubstr("2:11: domains: \"a..b\" is not a domain name")));
  EXPECT_THAT(errors(load_below("domains: {a.example: {deliver: mx, recipients: any, catch_all: nobody}}\n")),
              ElementsAre(HasSubstr("domains.a.example.catch_all: \"nobody\" is not a full mail address")));
}

TEST(Deliver, SaysWhatIsWrong) {
  const auto deliver = [](const std::string& text) {
    return errors(load_below("domains: {a.example: {recipients: any, deliver: \"" + text + "\"}}\n"));
  };
  EXPECT_THAT(deliver("maildir:mail/{local}"), ElementsAre(HasSubstr("must start with /")));
  EXPECT_THAT(deliver("maildir:/mail"), ElementsAre(HasSubstr("must contain {local}")));
  EXPECT_THAT(deliver("maildir:/mail/{user}"), ElementsAre(HasSubstr("none of {local}, {domain}, {detail}")));
  EXPECT_THAT(deliver("maildir:/mail/{local"), SizeIs(1));
  EXPECT_THAT(deliver("lmtp:127.0.0.1"), ElementsAre(HasSubstr("neither unix:/path nor address:port")));
  EXPECT_THAT(deliver("lmtp:unix:relative"), SizeIs(1));
  EXPECT_THAT(deliver("smtp:10.0.0.7"), ElementsAre(HasSubstr("write it as [10.0.0.7]")));
  EXPECT_THAT(deliver("pipe:/bin/sh"), ElementsAre(HasSubstr("is none of maildir:")));
  EXPECT_THAT(deliver("mx:x"), SizeIs(1));
  EXPECT_THAT(deliver("discard"), IsEmpty());
}

TEST(Users, HaveStoresOfTheirOwn) {
  const auto users = [](const std::string& text, const std::string& deliver = "discard:") {
    return load_below("tables: {stores: {type: file, path: /s}}\ndomains: {a.example: {recipients: any, deliver: \"" +
                      deliver + "\", users: " + text + "}}\n");
  };
  const auto listed = users("{Bob: \"lmtp:127.0.0.1:24\", ann: \"maildir:/v/{local}\"}");
  EXPECT_THAT(errors(listed), IsEmpty());
  const auto& domain = listed.settings.route.domains.at("a.example");
  EXPECT_EQ(domain.users.at("bob").argument, "127.0.0.1:24");
  EXPECT_EQ(domain.users.at("ann").kind, route::DeliverKind::maildir);
  EXPECT_EQ(users("table:stores").settings.route.domains.at("a.example").user_table, "stores");
  EXPECT_THAT(errors(users("{bob: mx}")), ElementsAre(HasSubstr("is none of maildir:")));
  EXPECT_THAT(errors(users("{a b: \"lmtp:127.0.0.1:24\"}")), SizeIs(1));
  EXPECT_THAT(errors(users("{bob: \"lmtp:127.0.0.1:24\", BOB: \"lmtp:127.0.0.1:24\"}")), SizeIs(1));
  EXPECT_THAT(errors(users("table:other")), ElementsAre(HasSubstr("there is no table \"other\"")));
  EXPECT_THAT(errors(users("stores")), ElementsAre(HasSubstr("is no table: write table:NAME")));
  EXPECT_THAT(errors(users("table:stores", "mx")), ElementsAre(HasSubstr("has no users here")));
}

TEST(Aliases, LeadToFullAddressesOnly) {
  EXPECT_THAT(errors(load_below("aliases: {a@b.example: [\"|/bin/sh\"]}\n")),
              ElementsAre(HasSubstr("is a program or file")));
  EXPECT_THAT(errors(load_below("aliases: {a@b.example: bob}\n")), ElementsAre(HasSubstr("not a full mail address")));
  EXPECT_THAT(errors(load_below("aliases: {a: b@b.example}\n")), ElementsAre(HasSubstr("2:11: aliases: \"a\"")));
  EXPECT_THAT(errors(load_below("aliases: {a@b.example: []}\n")), ElementsAre(HasSubstr("has no addresses")));
  EXPECT_THAT(errors(load_below("aliases: {a@b.example: [a b@c.example, .a@c.example, a@c_d..e]}\n")), SizeIs(3));
}

TEST(Routes, CredentialsNeedProtection) {
  const auto route = [](const std::string& tls) {
    return load_below("routes: [{next_hop: r.example, " + tls + "credentials: {user: u, password_file: /p}}]\n");
  };
  EXPECT_THAT(errors(route("")), ElementsAre(HasSubstr("would be sent in clear")));
  EXPECT_THAT(errors(route("tls: none, ")), SizeIs(1));
  EXPECT_THAT(errors(route("tls: require, ")), IsEmpty());
  EXPECT_THAT(warnings(route("tls: require, ")), Contains(HasSubstr("use tls: verify")));
  for (const auto* level : {"tls: verify, ", "tls: dane, "})
    EXPECT_THAT(warnings(route(level)), Not(Contains(HasSubstr("tls: verify")))) << level;
  EXPECT_THAT(errors(load_below("routes: [{next_hop: r.example, tls: verify, credentials: {user: u}}]\n")),
              ElementsAre(HasSubstr("both user and password_file")));
  EXPECT_THAT(errors(load_below("routes: [{tls: verify, credentials: {user: u, password_file: /p}}]\n")),
              ElementsAre(HasSubstr("need a next_hop")));
}

TEST(Routes, ACertificateOfOursNeedsItsKeyAndTls) {
  const auto route = [](const std::string& tls, const std::string& credentials = "") {
    return errors(load_below("routes: [{next_hop: r.example, tls: {" + tls + "}" + credentials + "}]\n"));
  };
  EXPECT_THAT(route("level: require, certificate: /c, private_key: /k"), IsEmpty());
  EXPECT_THAT(route("level: require, certificate: /c"), ElementsAre(HasSubstr("both certificate and private_key")));
  EXPECT_THAT(route("level: none, certificate: /c, private_key: /k"), ElementsAre(HasSubstr("of no use without TLS")));
  const std::string external = ", credentials: {user: u, mechanisms: external";
  EXPECT_THAT(route("level: verify, certificate: /c, private_key: /k", external + "}"), IsEmpty());
  EXPECT_THAT(route("level: verify, certificate: /c, private_key: /k", external + ", password_file: /p}"),
              ElementsAre(HasSubstr("no password_file")));
  EXPECT_THAT(route("level: verify", external + "}"), ElementsAre(HasSubstr("EXTERNAL needs the certificate")));
  EXPECT_THAT(route("level: verify", ", credentials: {user: u, password_file: /p, mechanisms: [plain, ntlm]}"),
              ElementsAre(HasSubstr("\"ntlm\" is none of")));
}

TEST(Routes, SendersThatTellNeedADetail) {
  EXPECT_THAT(errors(load_below("routes: [{next_hop: r.example, verp: true}]\n")), IsEmpty());
  EXPECT_THAT(errors(load_below("detail_separator: \"\"\nroutes: [{next_hop: r.example, verp: true}]\n")),
              ElementsAre(HasSubstr("3:38: such sender addresses have a detail")));
}

TEST(Routes, TheLevelOfDeliveryProtectsCredentialsToo) {
  EXPECT_THAT(errors(load_below("delivery: {tls: verify}\n"
                                "routes: [{next_hop: r.example, credentials: {user: u, password_file: /p}}]\n")),
              IsEmpty());
}

TEST(Routes, NextHopsAreChecked) {
  const auto hop = [](const std::string& text) {
    return errors(load_below("routes: [{next_hop: \"" + text + "\"}]\n"));
  };
  for (const auto* good : {"[10.0.0.5]:2525", "[10.0.0.5]", "[2001:db8::1]:25", "relay.example", "[relay.example]",
                           "relay.example:587", "localhost"})
    EXPECT_THAT(hop(good), IsEmpty()) << good;
  EXPECT_THAT(hop("10.0.0.5"), ElementsAre(HasSubstr("write it as [10.0.0.5]")));
  EXPECT_THAT(hop("10.0.0.5:25"), ElementsAre(HasSubstr("write it as [10.0.0.5]:25")));
  EXPECT_THAT(hop("2001:db8::1"), ElementsAre(HasSubstr("write it as [2001:db8::1]")));
  for (const auto* bad : {"[10.0.0.5", "[10.0.0.5]x", "[10.0.0.5]:", "a.example:0", "a.example:70000", "", "a b", "[]"})
    EXPECT_THAT(hop(bad), SizeIs(1)) << bad;
}

TEST(Routes, AfterOneThatTakesAllNoneIsUsed) {
  EXPECT_THAT(warnings(load_below("routes:\n - {domains: \"*\"}\n - {domains: a.example}\n")),
              Contains(HasSubstr("4:4: warning: never used")));
}

TEST(Retry, IntervalsAreInOrder) {
  EXPECT_THAT(errors(load_below("delivery: {retry: {first: 5h}}\n")), ElementsAre(HasSubstr("2:27: the longest wait")));
  EXPECT_THAT(errors(load_below("delivery: {retry: {expire: 1h, bounce_expire: 1h}}\n")),
              ElementsAre(HasSubstr("2:28: messages expire (1h) before")));
  EXPECT_THAT(errors(load_below("delivery: {retry: {bounce_first: 2m, bounce_max: 1m}}\n")),
              ElementsAre(HasSubstr("the longest wait of bounces (1m) is shorter than the first (2m)")));
  EXPECT_THAT(errors(load_below("delivery: {retry: {first: 3m, bounce_max: 1m}}\n")),
              ElementsAre(HasSubstr("2:43: the longest wait of bounces (1m) is shorter than the first (3m)")))
      << "which is that of other mail, too";
}

TEST(Retry, IntervalsOfARouteAreInOrderWithTheOthers) {
  const auto route = [](const std::string& retry, const std::string& general = "") {
    return errors(load_below("routes:\n - {next_hop: \"[10.0.0.5]\", retry: {" + retry + "}}\n" + general));
  };
  EXPECT_THAT(route("first: 2h, max: 1h"),
              ElementsAre("godwit.yaml:3:53: the longest wait (max: 1h) is shorter than the first (2h)"));
  EXPECT_THAT(route("first: 5h"),
              ElementsAre("godwit.yaml:3:44: the longest wait (max: 4h) is shorter than the first (5h)"));
  EXPECT_THAT(route("max: 1m"), ElementsAre(HasSubstr("3:42: the longest wait (max: 1m) is shorter")));
  EXPECT_THAT(route("bounce_max: 1m", "delivery: {retry: {bounce_first: 2m}}\n"),
              ElementsAre(HasSubstr("3:49: the longest wait of bounces (1m) is shorter than the first (2m)")));
  EXPECT_THAT(route("first: 5h, max: 6h, bounce_first: 7h"), IsEmpty());
  EXPECT_THAT(route("expire: 1d", "delivery: {retry: {first: 5h}}\n"), SizeIs(1)) << "said once";
}

TEST(Directories, SpoolAndStateDiffer) {
  EXPECT_THAT(errors(load_below("spool: {directory: /a/b}\nstate: {directory: /a/./b/}\n")),
              ElementsAre(HasSubstr("3:20: spool.directory and state.directory must differ")));
  EXPECT_THAT(errors(load_below("spool: {directory: spool}\n")), ElementsAre(HasSubstr("it must start with /")));
}

}  // namespace
}  // namespace godwit::config
