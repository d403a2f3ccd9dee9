// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "godwit/route/router.hpp"
#include "support/fake_resolver.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::route {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class HopTest : public ::testing::Test {
 protected:
  HopTest() {
    settings_.hostname = "mail.example.com";
    settings_.postmaster = "alice@example.com";
  }

  // A host "name" with one IPv4 address and MX of `domain`.
  void host(const std::string& domain, std::uint16_t preference, const std::string& name) {
    dns_.add_mx(domain, preference, name);
    if (addressed_.insert(name).second) dns_.add_address(name, "192.0.2." + std::to_string(addressed_.size()));
  }

  void local(const std::string& domain, DeliverKind kind, std::string argument) {
    settings_.domains[domain] = {.deliver = {.kind = kind, .argument = std::move(argument)},
                                 .recipients = RecipientRule::any,
                                 .local_parts = {},
                                 .table = {},
                                 .catch_all = {}};
  }

  RouteSettings& route(std::vector<std::string> domains, std::vector<std::string> next_hops = {}) {
    auto& added = settings_.routes.emplace_back();
    added.domains = std::move(domains);
    added.next_hops = std::move(next_hops);
    return added;
  }

  Hop hop(std::string domain, smtp::ReversePath sender = smtp::Mailbox{"me", "example.com"}) {
    const Router router(settings_, {}, listening_);
    return testing::run_awaitable(router.hop(std::move(domain), std::move(sender), dns_, random_));
  }

  std::string described(std::string domain) { return describe(hop(std::move(domain))); }

  // "name 192.0.2.1:25 …" of each host.
  std::vector<std::string> hosts(const Hop& hop) {
    std::vector<std::string> result;
    const auto* smtp = std::get_if<SmtpHop>(&hop);
    if (smtp == nullptr) return {describe(hop)};
    for (const auto& host : smtp->hosts) {
      result.push_back(host.name);
      for (const auto& address : host.addresses) result.back() += " " + to_string(address);
    }
    return result;
  }

  // Of the first host.
  static TlsPolicy tls(const Hop& hop) { return std::get<SmtpHop>(hop).hosts.at(0).tls; }

  Settings settings_;
  std::vector<base::Endpoint> listening_ = {*base::Endpoint::parse("192.0.2.200:25")};
  testing::FakeResolver dns_;
  base::SeededRandom random_{42};

 private:
  std::set<std::string> addressed_;
};

// ---- local domains ----

TEST_F(HopTest, LocalDomainsGoWhereTheySay) {
  local("a.example", DeliverKind::maildir, "/v/{domain}/{local}");
  local("b.example", DeliverKind::lmtp, "unix:/run/lmtp");
  local("c.example", DeliverKind::lmtp, "127.0.0.1:24");
  local("d.example", DeliverKind::discard, "");
  local("e.example", DeliverKind::smtp, "[10.0.0.7]:26");
  EXPECT_EQ(std::get<MaildirHop>(hop("A.example")).path_template, "/v/{domain}/{local}");
  EXPECT_EQ(described("a.example"), "maildir");
  EXPECT_EQ(described("b.example"), "lmtp:unix:/run/lmtp");
  EXPECT_EQ(described("c.example"), "lmtp:127.0.0.1:24");
  EXPECT_EQ(described("d.example"), "discard");
  EXPECT_THAT(hosts(hop("e.example")), ElementsAre("[10.0.0.7] 10.0.0.7:26"));
  EXPECT_THAT(dns_.asked, IsEmpty());
}

TEST_F(HopTest, RoutesDoNotOverrideLocalDomains) {
  local("a.example", DeliverKind::maildir, "/v");
  route({"*"}, {"[10.0.0.1]"});
  EXPECT_EQ(described("a.example"), "maildir");
}

TEST_F(HopTest, MailForThePostmasterWithoutAPlaceIsHeld) {
  settings_.postmaster = "";
  EXPECT_EQ(described("mail.example.com"), "hold: postmaster is not configured");
  EXPECT_EQ(described("[192.0.2.200]"), "hold: postmaster is not configured");
  EXPECT_EQ(described(""), "hold: postmaster is not configured");
  local("mail.example.com", DeliverKind::maildir, "/v");
  EXPECT_EQ(described("mail.example.com"), "maildir");
  EXPECT_EQ(described(""), "hold: postmaster is not configured");
}

// ---- MX ----

TEST_F(HopTest, XyzPrefersTheLowerPreference) {
  host("xyz.example", 20, "maildr.xyz.example");
  host("xyz.example", 10, "imail.xyz.example");
  for (int i = 0; i < 10; ++i)
    EXPECT_THAT(hosts(hop("xyz.example")),
                ElementsAre("imail.xyz.example 192.0.2.2:25", "maildr.xyz.example 192.0.2.1:25"));
  EXPECT_TRUE(std::get<SmtpHop>(hop("xyz.example")).from_dns);
}

TEST_F(HopTest, BigUsesEveryHostOfEqualPreference) {
  for (const std::string name : {"mx1", "mx2", "mx3", "mx4"}) host("big.example", 5, name);
  std::map<std::string, int> first;
  for (int i = 0; i < 40; ++i) ++first[std::get<SmtpHop>(hop("big.example")).hosts.at(0).name];
  EXPECT_EQ(first.size(), 4U);
}

TEST_F(HopTest, ComboTriesBothTensInAnyOrderBeforeTheTwenties) {
  host("combo.example", 10, "a");
  host("combo.example", 20, "b");
  host("combo.example", 20, "c");
  host("combo.example", 10, "d");
  std::set<std::string> orders;
  for (int i = 0; i < 100; ++i) orders.insert(described("combo.example"));
  EXPECT_THAT(orders, ElementsAre("smtp:a,d,b,c", "smtp:a,d,c,b", "smtp:d,a,b,c", "smtp:d,a,c,b"));
}

TEST_F(HopTest, MovingHouseKeepsBothHosts) {
  host("moving.example", 30, "oldisp");
  host("moving.example", 20, "newisp");
  EXPECT_EQ(described("moving.example"), "smtp:newisp,oldisp");
}

TEST_F(HopTest, WithoutMxTheDomainIsTheHost) {
  dns_.add_address("implicit.example", "192.0.2.7").add_address("implicit.example", "2001:db8::7");
  const auto way = hop("implicit.example");
  EXPECT_THAT(hosts(way), ElementsAre("implicit.example [2001:db8::7]:25 192.0.2.7:25"));
  EXPECT_TRUE(std::get<SmtpHop>(way).from_dns);
}

TEST_F(HopTest, AHostOfSignedRecordsMustMatchThem) {
  const dns::Tlsa record{.usage = 3, .selector = 1, .matching = 1, .data = std::string(32, 'x')};
  dns_.authentic = true;
  host("a.example", 1, "mx");
  dns_.add_tlsa("_25._tcp.mx", record);
  EXPECT_EQ(tls(hop("a.example")),
            (TlsPolicy{.level = TlsLevel::dane, .names = {"mx", "a.example"}, .tlsa = {record}, .source = "dane"}));
  route({"to.example"}, {"[mx]:25"});
  EXPECT_EQ(tls(hop("to.example")).level, TlsLevel::dane) << "a next hop, too";
  settings_.routes.back().has_tls = true;
  settings_.routes.back().tls = TlsLevel::verify;
  EXPECT_EQ(tls(hop("to.example")).level, TlsLevel::verify) << "the administrator's own rule";
  dns_.make_insecure("a.example");
  EXPECT_EQ(tls(hop("a.example")).level, TlsLevel::opportunistic) << "an unsigned MX answer";
}

TEST_F(HopTest, DaneCanBeSwitchedOff) {
  dns_.authentic = true;
  host("a.example", 1, "mx");
  dns_.add_tlsa("_25._tcp.mx", {.usage = 3, .selector = 1, .matching = 1, .data = std::string(32, 'x')});
  settings_.dane = false;
  EXPECT_EQ(tls(hop("a.example")).level, TlsLevel::opportunistic);
}

TEST_F(HopTest, AnAddressIsNoHostThatDaneCouldProve) {
  settings_.tls = TlsLevel::dane;
  EXPECT_FALSE(tls(hop("[192.0.2.9]")).skip.empty());
  host("a.example", 1, "mx");
  EXPECT_FALSE(tls(hop("a.example")).skip.empty());
}

TEST_F(HopTest, PortAndTlsComeFromTheSettings) {
  host("a.example", 1, "mx");
  settings_.port = 2525;
  settings_.tls = TlsLevel::require;
  const auto way = hop("a.example");
  EXPECT_THAT(hosts(way), ElementsAre("mx 192.0.2.1:2525"));
  EXPECT_EQ(tls(way), (TlsPolicy{.level = TlsLevel::require, .source = "default"}));
}

TEST_F(HopTest, AtMostTenHostsTheBestOnes) {
  for (std::uint16_t i = 20; i > 0; --i) host("many.example", i, "mx" + std::to_string(i));
  const auto found = std::get<SmtpHop>(hop("many.example")).hosts;
  ASSERT_EQ(found.size(), 10U);
  EXPECT_EQ(found.back().name, "mx10");
}

TEST_F(HopTest, AHostNamedTwiceIsTriedOnce) {
  host("a.example", 10, "mx");
  host("a.example", 20, "mx");
  EXPECT_EQ(described("a.example"), "smtp:mx");
}

TEST_F(HopTest, AnMxMayBeACnameOrAnAddress) {
  dns_.add_mx("a.example", 10, "alias.example").add_cname("alias.example", "real.example");
  dns_.add_address("real.example", "192.0.2.4").add_mx("a.example", 20, "192.0.2.5");
  EXPECT_THAT(hosts(hop("a.example")), ElementsAre("alias.example 192.0.2.4:25", "192.0.2.5 192.0.2.5:25"));
}

TEST_F(HopTest, AHostWhoseLookupFailsKeepsItsPlace) {
  dns_.add_mx("a.example", 10, "slow").add_mx("a.example", 15, "gone");
  host("a.example", 20, "there");
  dns_.fail("A slow").fail("AAAA slow");
  const auto found = std::get<SmtpHop>(hop("a.example")).hosts;
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "slow");
  EXPECT_THAT(found[0].addresses, IsEmpty());
  EXPECT_EQ(found[0].why_none, "timed out");
  EXPECT_EQ(found[1].name, "there");
}

TEST_F(HopTest, OneFamilyIsEnough) {
  host("a.example", 10, "mx");
  dns_.fail("AAAA mx");
  EXPECT_THAT(hosts(hop("a.example")), ElementsAre("mx 192.0.2.1:25"));
  dns_.fail("AAAA mx", dns::Status::no_name);
  EXPECT_THAT(hosts(hop("a.example")), ElementsAre("mx 192.0.2.1:25"));
}

TEST_F(HopTest, NobodyIsAtTheUnspecifiedAddress) {
  dns_.add_mx("a.example", 10, "mx").add_address("mx", "0.0.0.0").add_address("mx", "::");
  EXPECT_THAT(described("a.example"), StartsWith("none: 550 5.4.4"));
}

TEST_F(HopTest, WhenThereIsNoWay) {
  dns_.add_mx("null.example", 0, "");
  dns_.add_mx("nowhere.example", 10, "gone.example").add_mx("nowhere.example", 20, "empty.example");
  dns_.add_txt("empty.example", "x").add_txt("textonly.example", "x");
  dns_.add_mx("trouble.example", 10, "gone.example").add_mx("trouble.example", 20, "slow.example");
  dns_.fail("A slow.example").fail("AAAA slow.example").fail("MX broken.example", dns::Status::temporary, "SERVFAIL");
  dns_.add_txt("half.example", "x").fail("A half.example");
  EXPECT_THAT(described("null.example"), StartsWith("none: 556 5.1.10"));
  EXPECT_THAT(described("missing.example"), StartsWith("none: 550 5.1.2"));
  EXPECT_THAT(described("broken.example"), "none: 451 4.4.3 DNS lookup for broken.example failed: SERVFAIL");
  EXPECT_THAT(described("nowhere.example"), StartsWith("none: 550 5.4.4"));
  EXPECT_THAT(described("textonly.example"), StartsWith("none: 550 5.4.4"));
  EXPECT_THAT(described("trouble.example"), StartsWith("none: 451 4.4.3"));
  EXPECT_THAT(described("half.example"), StartsWith("none: 451 4.4.3"));
}

TEST_F(HopTest, ANullMxBesideOthersIsOverlooked) {
  dns_.add_mx("a.example", 0, "");
  host("a.example", 10, "mx");
  EXPECT_EQ(described("a.example"), "smtp:mx");
}

// ---- ourselves in the list ----

TEST_F(HopTest, TheListEndsAtOurOwnPreference) {
  const auto backup = [&](const std::string& domain, const std::string& us) {
    host(domain, 10, "primary");
    host(domain, 20, "equal");
    dns_.add_mx(domain, 20, us);
    host(domain, 30, "worse");
  };
  backup("name.example", "Mail.Example.COM");
  backup("address.example", "us");
  dns_.add_address("us", "192.0.2.200");
  backup("alias.example", "us-too");
  dns_.add_cname("us-too", "mail.example.com").add_address("mail.example.com", "203.0.113.1");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(described("name.example"), "smtp:primary");
    EXPECT_EQ(described("address.example"), "smtp:primary");
    EXPECT_EQ(described("alias.example"), "smtp:primary");
  }
}

TEST_F(HopTest, WeAreCutAlsoAmongManyEqualHosts) {
  host("a.example", 5, "primary");
  for (int i = 0; i < 15; ++i) host("a.example", 10, "equal" + std::to_string(i));
  dns_.add_mx("a.example", 10, "mail.example.com");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(described("a.example"), "smtp:primary");
}

TEST_F(HopTest, OwnAddressesAreUsOnAnyPort) {
  settings_.own_addresses = {*base::IpAddress::parse("203.0.113.7")};
  settings_.port = 2525;
  host("a.example", 10, "primary");
  dns_.add_mx("a.example", 20, "nat").add_address("nat", "203.0.113.7");
  EXPECT_EQ(described("a.example"), "smtp:primary");
}

TEST_F(HopTest, AnotherPortOfOurAddressIsAnotherServer) {
  settings_.port = 2525;
  dns_.add_mx("a.example", 10, "mx").add_address("mx", "192.0.2.200");
  EXPECT_EQ(described("a.example"), "smtp:mx");
}

TEST_F(HopTest, BeingTheBestHostIsALoop) {
  dns_.add_mx("a.example", 10, "mail.example.com");
  host("a.example", 20, "worse");
  EXPECT_THAT(described("a.example"), StartsWith("none: 554 5.4.6"));
  dns_.add_address("implicit.example", "192.0.2.200");
  EXPECT_THAT(described("implicit.example"), StartsWith("none: 554 5.4.6"));
}

TEST_F(HopTest, ABackupKeepsMailWhileTheBetterHostIsGone) {
  dns_.add_mx("a.example", 10, "gone.example").add_mx("a.example", 20, "mail.example.com");
  EXPECT_THAT(described("a.example"), StartsWith("none: 451 4.4.4"));
}

TEST_F(HopTest, ABackupDomainGoesByRoutesAndMx) {
  local("backup.example", DeliverKind::mx, "");
  host("backup.example", 10, "primary");
  dns_.add_mx("backup.example", 20, "mail.example.com");
  EXPECT_EQ(described("backup.example"), "smtp:primary");
  route({"backup.example"}, {"[10.0.0.5]"});
  EXPECT_EQ(described("backup.example"), "smtp:[10.0.0.5]");
}

// ---- address literals ----

TEST_F(HopTest, AnAddressLiteralIsTheHost) {
  EXPECT_THAT(hosts(hop("[198.51.100.1]")), ElementsAre("[198.51.100.1] 198.51.100.1:25"));
  EXPECT_THAT(hosts(hop("[IPv6:2001:db8::1]")), ElementsAre("[IPv6:2001:db8::1] [2001:db8::1]:25"));
  EXPECT_THAT(described("[x400:whatever]"), StartsWith("none: 550 5.1.2"));
  EXPECT_THAT(dns_.asked, IsEmpty());
}

// ---- routes ----

TEST_F(HopTest, NextHops) {
  dns_.add_mx("relay.example", 10, "mx.relay.example").add_address("mx.relay.example", "192.0.2.10");
  dns_.add_address("plain.example", "192.0.2.11");
  settings_.port = 2525;
  struct Case {
    std::string next_hop;
    std::string host;
  };
  for (const auto& [text, expected] : std::vector<Case>{{"[10.0.0.5]:2526", "[10.0.0.5] 10.0.0.5:2526"},
                                                        {"[10.0.0.5]", "[10.0.0.5] 10.0.0.5:25"},
                                                        {"10.0.0.5:26", "[10.0.0.5] 10.0.0.5:26"},
                                                        {"[2001:db8::1]:26", "[IPv6:2001:db8::1] [2001:db8::1]:26"},
                                                        {"[plain.example]:587", "plain.example 192.0.2.11:587"},
                                                        {"[Plain.example]", "plain.example 192.0.2.11:25"},
                                                        {"relay.example", "mx.relay.example 192.0.2.10:2525"},
                                                        {"relay.example:587", "mx.relay.example 192.0.2.10:587"},
                                                        {"plain.example:587", "plain.example 192.0.2.11:587"}}) {
    settings_.routes.clear();
    route({"partner.example"}, {text});
    const auto way = hop("partner.example");
    EXPECT_THAT(hosts(way), ElementsAre(expected)) << text;
    if (const auto* smtp = std::get_if<SmtpHop>(&way)) {
      EXPECT_FALSE(smtp->from_dns) << text;
    }
  }
}

TEST_F(HopTest, ARouteToAnAddressAsksNoDns) {
  route({"partner.example"}, {"[10.0.0.5]:2525"});
  hop("partner.example");
  EXPECT_THAT(dns_.asked, IsEmpty());
}

TEST_F(HopTest, ARouteWithoutDomainsIsForAll) {
  route({}, {"[10.0.0.5]"});
  EXPECT_EQ(described("a.example"), "smtp:[10.0.0.5]");
}

TEST_F(HopTest, NextHopsAreTriedInOrderAndTheMissingLeftOut) {
  dns_.add_address("second.example", "192.0.2.2");
  route({"*"}, {"[10.0.0.5]", "gone.example", "[second.example]"});
  EXPECT_EQ(described("a.example"), "smtp:[10.0.0.5],second.example");
}

TEST_F(HopTest, ShuffledNextHopsComeFirstAsOftenAsTheyAreListed) {
  auto& added = route({"x.example"}, {"[10.0.0.1]", "[10.0.0.2]", "[10.0.0.2]"});
  added.order = NextHopOrder::random;
  std::map<std::string, int> first;
  for (int i = 0; i < 300; ++i) {
    const auto found = hosts(hop("x.example"));
    ASSERT_EQ(found.size(), 2U) << "each is tried once";
    ++first[found.front()];
  }
  EXPECT_NEAR(first["[10.0.0.1] 10.0.0.1:25"], 100, 35);
  EXPECT_EQ(site_of(hop("x.example")), "[10.0.0.1],[10.0.0.2],[10.0.0.2]") << "one site, whatever the order";
}

TEST_F(HopTest, AddressesOfBothFamiliesTakeTurnsOrOneIsWanted) {
  dns_.add_mx("x.example", 10, "mx.x.example");
  for (const auto* address : {"2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"})
    dns_.add_address("mx.x.example", address);
  const auto families = [&](const Hop& found) {
    std::string text;
    for (const auto& address : std::get<SmtpHop>(found).hosts.at(0).addresses)
      text += address.address.is_v6() ? '6' : '4';
    return text;
  };
  EXPECT_EQ(families(hop("x.example")), "6464");
  const std::pair<AddressFamily, const char*> rows[] = {{AddressFamily::prefer_ipv6, "6464"},
                                                        {AddressFamily::prefer_ipv4, "4646"},
                                                        {AddressFamily::ipv6, "66"},
                                                        {AddressFamily::ipv4, "44"}};
  for (const auto& [family, expected] : rows) {
    settings_.address_family = family;
    EXPECT_EQ(families(hop("x.example")), expected);
  }
  route({"x.example"}).address_family = AddressFamily::prefer_ipv6;
  EXPECT_EQ(families(hop("x.example")), "6464") << "a route knows better";
}

TEST_F(HopTest, AHostWithoutAnAddressOfTheWantedFamilyIsNone) {
  dns_.add_mx("x.example", 10, "six.x.example").add_address("six.x.example", "2001:db8::1");
  settings_.address_family = AddressFamily::ipv4;
  EXPECT_EQ(described("x.example"),
            "none: 550 5.4.4 No mail host of x.example has an address (six.x.example: no IPv4 address)");
  // We are cut out all the same.
  listening_ = {*base::Endpoint::parse("[2001:db8::1]:25")};
  EXPECT_EQ(described("x.example"), "none: 554 5.4.6 Mail for x.example loops back to myself");
}

TEST_F(HopTest, ANextHopThatDoesNotExistIsOurMistakeAndTemporary) {
  for (const std::string text : {"gone.example", "[gone.example]", "[10.0.0.5]:0", "a b"}) {
    settings_.routes.clear();
    route({"*"}, {text});
    EXPECT_THAT(described("a.example"), StartsWith("none: 451 4.4.4")) << text;
  }
}

TEST_F(HopTest, TheFirstRouteThatMatchesWins) {
  route({"partner.example", "*.corp.example"}, {"[10.0.0.1]"});
  route({"partner.example"}, {"[10.0.0.2]"});
  route({"*"}, {"[10.0.0.3]"}).senders = {"Boss@example.com", "@vip.example"};
  host("else.example", 1, "mx");
  host("corp.example", 1, "mx");
  EXPECT_EQ(described("Partner.example"), "smtp:[10.0.0.1]");
  EXPECT_EQ(described("a.b.Corp.example"), "smtp:[10.0.0.1]");
  EXPECT_EQ(described("corp.example"), "smtp:mx");
  EXPECT_THAT(described("notcorp.example"), StartsWith("none: 550 5.1.2"));
  EXPECT_EQ(describe(hop("else.example", smtp::Mailbox{"boss", "example.com"})), "smtp:[10.0.0.3]");
  EXPECT_EQ(describe(hop("else.example", smtp::Mailbox{"any", "vip.example"})), "smtp:[10.0.0.3]");
  EXPECT_EQ(describe(hop("else.example", smtp::Mailbox{"any", "sub.vip.example"})), "smtp:mx");
  EXPECT_EQ(describe(hop("else.example", smtp::ReversePath{})), "smtp:mx") << "a bounce";
}

TEST_F(HopTest, ARouteSetsTlsAndCredentials) {
  host("a.example", 1, "mx");
  auto& plain = route({"a.example"});
  plain.has_tls = true;
  plain.tls = TlsLevel::verify;
  plain.tls_name = "mx.corp.example";
  plain.user = "relay";
  plain.password_file = "/p";
  const auto way = std::get<SmtpHop>(hop("a.example"));
  EXPECT_EQ(tls(way), (TlsPolicy{.level = TlsLevel::verify, .names = {"mx.corp.example"}, .source = "route"}));
  EXPECT_EQ(way.user, "relay");
  EXPECT_EQ(way.password_file, "/p");
  EXPECT_TRUE(way.from_dns) << "no next hop: MX";
}

TEST_F(HopTest, ARouteHoldsAndHasAHopForWhatIsReleased) {
  route({"a.example"}, {"[10.0.0.5]:26"}).hold = true;
  const Router router(settings_, {}, listening_);
  EXPECT_EQ(router.why_held("A.example", smtp::Mailbox{"me", "example.com"}), "a route holds mail for A.example");
  EXPECT_EQ(router.why_held("b.example", smtp::Mailbox{"me", "example.com"}), std::nullopt);
  EXPECT_THAT(hosts(hop("a.example")), ElementsAre("[10.0.0.5] 10.0.0.5:26"));
}

TEST_F(HopTest, DomainsWithTheSameHostsShareTheirLimits) {
  for (const std::string domain : {"a.example", "b.example"}) {
    host(domain, 10, "mx2");
    host(domain, 10, "mx1");
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(site_of(hop("a.example")), "mx1,mx2");
  EXPECT_EQ(site_of(hop("b.example")), "mx1,mx2");
}

TEST_F(HopTest, AHostWithoutAnAddressIsStillOfTheSite) {
  host("a.example", 10, "mx1");
  dns_.add_mx("a.example", 20, "gone");
  const auto found = hop("a.example");
  EXPECT_EQ(hosts(found).size(), 1U);
  EXPECT_EQ(site_of(found), "gone,mx1");
}

TEST_F(HopTest, SiteThatIsKnownWithoutDnsIsTheSiteOfTheHop) {
  local("a.example", DeliverKind::maildir, "/v/{domain}/{local}");
  local("b.example", DeliverKind::lmtp, "unix:/run/lmtp");
  local("c.example", DeliverKind::discard, "");
  local("d.example", DeliverKind::smtp, "[10.0.0.7]:26");
  route({"relayed.example"}, {"[10.0.0.1]:25", "[10.0.0.2]"});
  const smtp::ReversePath me = smtp::Mailbox{"me", "example.com"};
  for (const std::string domain : {"a.example", "B.example", "c.example", "d.example", "relayed.example"}) {
    const auto known = Router(settings_, {}, listening_).known_site(domain, me);
    EXPECT_NE(known, "");
    EXPECT_EQ(known, site_of(hop(domain)));
  }
  EXPECT_EQ(site_of(hop("relayed.example")), "[10.0.0.1]:25,[10.0.0.2]");
  EXPECT_EQ(Router(settings_, {}, listening_).known_site("elsewhere.example", me), "");
}

TEST_F(HopTest, DomainsShareTransactionsOnlyOnOneExplicitWay) {
  local("a.example", DeliverKind::lmtp, "unix:/run/lmtp");
  local("b.example", DeliverKind::lmtp, "unix:/run/lmtp");
  local("c.example", DeliverKind::lmtp, "unix:/run/other");
  local("d.example", DeliverKind::maildir, "/v/{domain}/{local}");
  local("e.example", DeliverKind::smtp, "[10.0.0.7]");
  route({"f.example", "g.example"}, {"[10.0.0.1]"});
  route({"h.example"}, {"[10.0.0.1]"}).tls_name = "mx.h.example";
  route({"i.example"}, {"[10.0.0.1]"}).hold = true;
  route({"j.example"});
  const Router router(settings_, {}, listening_);
  const auto way = [&](std::string_view domain) {
    return router.shared_way(domain, smtp::Mailbox{"me", "example.com"});
  };
  EXPECT_EQ(way("a.example"), way("B.example"));
  EXPECT_EQ(way("f.example"), way("g.example"));
  std::set<std::string> different;
  for (const auto* domain : {"a.example", "c.example", "e.example", "f.example", "h.example"})
    EXPECT_TRUE(different.insert(way(domain)).second) << domain;
  EXPECT_FALSE(different.contains(""));
  for (const auto* domain : {"d.example", "i.example", "j.example", "mx.example", "mail.example.com", ""})
    EXPECT_EQ(way(domain), "") << domain;
}

TEST_F(HopTest, WhatIsAgainstTheRfcIsToleratedWithARemark) {
  dns_.add_mx("a.example", 10, "alias.example").add_cname("alias.example", "real.example");
  dns_.add_mx("a.example", 20, "192.0.2.7").add_mx("a.example", 30, "good.example");
  dns_.add_address("real.example", "192.0.2.5").add_address("good.example", "192.0.2.8");
  dns_.add_cname("implicit.example", "real.example");
  std::vector<std::string> remarks;
  const auto found = std::get<SmtpHop>(hop("a.example"));
  for (const auto& host : found.hosts) remarks.push_back(host.remark);
  EXPECT_THAT(remarks, ElementsAre("the MX alias.example is an alias of real.example and should be that name itself",
                                   "the MX 192.0.2.7 is an address and should be a name", ""));
  EXPECT_EQ(std::get<SmtpHop>(hop("implicit.example")).hosts.front().remark, "");
}

TEST_F(HopTest, RouteOfASenderIsFoundWithoutDns) {
  local("a.example", DeliverKind::maildir, "/v");
  route({"*"}, {"[10.0.0.1]"}).senders = {"@special.example"};
  const Router router(settings_, {}, listening_);
  const smtp::ReversePath special = smtp::Mailbox{"me", "special.example"};
  EXPECT_NE(router.route_of("b.example", special), nullptr);
  EXPECT_EQ(router.route_of("b.example", smtp::Mailbox{"me", "other.example"}), nullptr);
  EXPECT_EQ(router.route_of("a.example", special), nullptr);
}

}  // namespace
}  // namespace godwit::route
