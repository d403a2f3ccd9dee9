// SPDX-License-Identifier: Apache-2.0
#include "policy/dns_lists_check.hpp"

#include "check_fixture.hpp"
#include "policy/dns_list.hpp"

namespace godwit::policy {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = Verdict::Kind;
using Subject = DnsListSettings::Subject;

TEST(DnsList, AddressesAreWrittenBackwards) {
  EXPECT_EQ(listed_name(*base::IpAddress::parse("192.0.2.99"), "bl.example"), "99.2.0.192.bl.example");
  EXPECT_EQ(listed_name(*base::IpAddress::parse("2001:db8:1:2:3:4:567:89ab"), "bl.example"),
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.example");
}

TEST(DnsList, WhatIsNoDomainIsNotLookedUp) {
  EXPECT_EQ(listed_name("Spam.Example", "bl.example"), "spam.example.bl.example");
  for (const auto* name : {"localhost", "[192.0.2.1]", "192.0.2.1", ""}) EXPECT_EQ(listed_name(name, "bl.example"), "");
}

class DnsListsCheckTest : public CheckFixture {
 protected:
  DnsListsCheckTest() {
    stores_.list_health = &health_;
    facts_.client_name = {.status = ClientName::Status::found, .name = "mail.client.example"};
  }

  DnsListSettings& add(const std::string& zone, int score, std::vector<Subject> subjects = {Subject::client}) {
    const bool of_addresses = subjects == std::vector{Subject::client};
    resolver_.add_address((of_addresses ? "2.0.0.127." : "test.") + zone, "127.0.0.2");
    return settings_.dns_lists.lists.emplace_back(
        DnsListSettings{.zone = zone, .subjects = std::move(subjects), .score = score});
  }
  Verdict ask_lists() { return ask("dns_lists", Stage::mail); }

  ListHealth health_{log::null_logger()};
};

TEST_F(DnsListsCheckTest, ScoresOfAllListsAddUp) {
  add("one.example", 2);
  add("two.example", 3);
  add("other.example", 5);
  resolver_.add_address("1.2.0.192.one.example", "127.0.0.2")
      .add_txt("1.2.0.192.two.example", "see http://two.example");
  EXPECT_EQ(ask_lists().kind, Kind::no_opinion);
  EXPECT_EQ(ask_lists().evidence, "score=2 one.example=127.0.0.2(client)");
  resolver_.add_address("1.2.0.192.two.example", "127.0.0.3");
  const auto verdict = ask_lists();
  EXPECT_EQ(verdict.kind, Kind::reject);
  EXPECT_EQ(said(verdict), "550 5.7.1 192.0.2.1 is listed at two.example: see http://two.example");
  EXPECT_EQ(verdict.evidence, "score=5 one.example=127.0.0.2(client) two.example=127.0.0.3(client)");
  settings_.dns_lists.reject.reset();
  settings_.dns_lists.defer = 4;
  EXPECT_THAT(said(ask_lists()), HasSubstr("450 4.7.1"));
  settings_.dns_lists.defer.reset();
  settings_.dns_lists.quarantine = 5;
  EXPECT_EQ(ask_lists().kind, Kind::quarantine);
}

TEST_F(DnsListsCheckTest, ClientsWithIpv6AreOnListsToo) {
  add("six.example", 5);
  facts_.client = *base::IpAddress::parse("2001:db8::1");
  EXPECT_EQ(ask_lists().kind, Kind::no_opinion);
  resolver_.add_address("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.six.example", "127.0.0.2");
  EXPECT_EQ(said(ask_lists()), "550 5.7.1 2001:db8::1 is listed at six.example");
}

TEST_F(DnsListsCheckTest, OnlyAnswersThatAreMeantCount) {
  add("bl.example", 5).answers = {AnswerPattern{{{{127, 127}, {0, 0}, {0, 0}, {4, 7}}}}};
  resolver_.add_address("1.2.0.192.bl.example", "127.0.0.10");
  EXPECT_EQ(ask_lists().kind, Kind::no_opinion);
  resolver_.add_address("1.2.0.192.bl.example", "127.0.0.7");
  EXPECT_EQ(ask_lists().kind, Kind::reject);
}

TEST_F(DnsListsCheckTest, DomainsOfHelloSenderAndReverseDnsAreLookedUp) {
  add("dbl.example", 5, {Subject::hello, Subject::sender, Subject::client_name});
  facts_.hello.name = "hello.example";
  ask_lists();
  for (const auto* name : {"hello.example", "sender.example", "mail.client.example"})
    EXPECT_THAT(resolver_.asked, Contains(std::string("A ") + name + ".dbl.example"));
  resolver_.add_address("sender.example.dbl.example", "127.0.1.2");
  EXPECT_EQ(said(ask_lists()), "550 5.7.1 sender.example is listed at dbl.example");
}

TEST_F(DnsListsCheckTest, WhiteListsVouchForWhatIsProven) {
  add("wl.example", -2, {Subject::sender});
  resolver_.add_address("sender.example.wl.example", "127.0.0.2");
  EXPECT_FALSE(ask_lists().vouches) << "anybody can say that he is this sender";
  facts_.identity.spf = "pass";
  EXPECT_TRUE(ask_lists().vouches);
  settings_.dns_lists.vouch = -3;
  EXPECT_FALSE(ask_lists().vouches);
}

TEST_F(DnsListsCheckTest, AListThatListsEverythingIsSwitchedOff) {
  add("all.example", 5);
  resolver_.add_address("1.0.0.127.all.example", "127.0.0.2").add_address("1.2.0.192.all.example", "127.0.0.2");
  EXPECT_EQ(ask_lists().kind, Kind::no_opinion);
  EXPECT_EQ(health_.report().front().state, ListState::lists_everything);
  resolver_.asked.clear();
  EXPECT_EQ(ask_lists().evidence, "score=0 all.example=off");
  EXPECT_THAT(resolver_.asked, ::testing::IsEmpty());
}

TEST_F(DnsListsCheckTest, AListThatListsNothingIsSwitchedOffUntilItWorksAgain) {
  settings_.dns_lists.lists.push_back({.zone = "gone.example"});
  ask_lists();
  EXPECT_EQ(health_.report().front().state, ListState::lists_nothing);
  resolver_.add_address("2.0.0.127.gone.example", "127.0.0.2").add_address("1.2.0.192.gone.example", "127.0.0.2");
  EXPECT_EQ(ask_lists().kind, Kind::no_opinion) << "it is not time to look again";
  clock_.advance_to(clock_.mono() + ListHealth::retry_interval);
  EXPECT_EQ(ask_lists().kind, Kind::no_opinion) << "nobody waits for its test";
  EXPECT_EQ(health_.report().front().state, ListState::good);
  EXPECT_EQ(ask_lists().kind, Kind::reject);
}

TEST_F(DnsListsCheckTest, AListThatRefusesToAnswerIsSwitchedOff) {
  add("paid.example", 5);
  resolver_.add_address("1.2.0.192.paid.example", "127.255.255.254");
  EXPECT_EQ(ask_lists().kind, Kind::no_opinion);
  EXPECT_EQ(health_.report().front().state, ListState::refuses);
  EXPECT_THAT(health_.report().front().reason, HasSubstr("127.255.255.254"));
}

TEST_F(DnsListsCheckTest, AParkedZoneIsNoList) {
  add("parked.example", 5);
  resolver_.add_address("1.2.0.192.parked.example", "203.0.113.5");
  EXPECT_EQ(ask_lists().kind, Kind::no_opinion);
  EXPECT_EQ(health_.report().front().state, ListState::refuses);
}

TEST_F(DnsListsCheckTest, ListsThatFailAgainAndAgainAreNotWaitedFor) {
  add("slow.example", 5);
  resolver_.fail("A 1.2.0.192.slow.example");
  for (std::uint32_t i = 0; i < ListHealth::most_failures; ++i) {
    EXPECT_EQ(health_.report().empty() || health_.report().front().state != ListState::unreachable, true);
    EXPECT_EQ(ask_lists().evidence, "score=0 slow.example=timed out");
  }
  EXPECT_EQ(health_.report().front().state, ListState::unreachable);
  EXPECT_EQ(ask_lists().evidence, "score=0 slow.example=off");
}

TEST_F(DnsListsCheckTest, AListWithoutTestPointsIsTakenAsItIs) {
  add("own.example", 5).test_point = "none";
  resolver_.add_address("1.2.0.192.own.example", "127.0.0.2");
  EXPECT_EQ(ask_lists().kind, Kind::reject);
  EXPECT_THAT(resolver_.asked, Not(Contains("A 2.0.0.127.own.example")));
}

TEST_F(DnsListsCheckTest, OthersSeeTheNameOfAList) {
  auto& list = add("key123.bl.example", 5);
  list.name = "bl.example";
  resolver_.add_address("1.2.0.192.key123.bl.example", "127.0.0.2");
  const auto verdict = ask_lists();
  EXPECT_THAT(said(verdict) + verdict.evidence, Not(HasSubstr("key123")));
}

}  // namespace
}  // namespace godwit::policy
