// SPDX-License-Identifier: Apache-2.0
// Where mail goes by the rules of routes.
#include <map>

#include "unit/route/hop_fixture.hpp"

namespace godwit::route {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

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
