// SPDX-License-Identifier: Apache-2.0
// Where mail goes by MX: the order of hosts, and ourselves among them.
#include <map>
#include <set>

#include "unit/route/hop_fixture.hpp"

namespace godwit::route {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

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

}  // namespace
}  // namespace godwit::route
