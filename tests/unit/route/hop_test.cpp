// SPDX-License-Identifier: Apache-2.0
// Where mail goes: domains of ours, address literals, and what shares a way.
#include <set>

#include "unit/route/hop_fixture.hpp"

namespace godwit::route {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

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

TEST_F(HopTest, AnAddressLiteralIsTheHost) {
  EXPECT_THAT(hosts(hop("[198.51.100.1]")), ElementsAre("[198.51.100.1] 198.51.100.1:25"));
  EXPECT_THAT(hosts(hop("[IPv6:2001:db8::1]")), ElementsAre("[IPv6:2001:db8::1] [2001:db8::1]:25"));
  EXPECT_THAT(described("[x400:whatever]"), StartsWith("none: 550 5.1.2"));
  EXPECT_THAT(dns_.asked, IsEmpty());
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

}  // namespace
}  // namespace godwit::route
