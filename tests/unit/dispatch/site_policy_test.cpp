// SPDX-License-Identifier: Apache-2.0
#include "dispatch/site_policy.hpp"

#include <gmock/gmock.h>

namespace godwit::dispatch {
namespace {

using namespace std::chrono_literals;

class SitePolicyTest : public ::testing::Test {
 protected:
  SitePolicy policy() const {
    return {settings_, std::make_shared<const route::Router>(route_, route::Lookups{}, std::vector<base::Endpoint>{})};
  }
  static route::Hop through(const std::vector<std::string>& hosts) {
    route::SmtpHop hop;
    hop.from_dns = true;
    for (const auto& name : hosts)
      hop.hosts.push_back({.name = name, .preference = 0, .addresses = {}, .why_none = {}});
    return hop;
  }
  std::string site(const std::vector<std::string>& hosts, const std::string& domain = "a.example") const {
    return policy().site_of(through(hosts), domain);
  }
  queue::LimitSettings limits(std::string_view name) const {
    for (const auto& rule : policy().rules(20))
      if (rule.pattern == name) return rule.limits;
    return {.connections = 0, .rate = {}};
  }

  const smtp::ReversePath me_ = smtp::Mailbox{"me", "example.com"};
  Settings settings_;
  route::Settings route_;
};

TEST_F(SitePolicyTest, DomainsOfAProviderAreOneSite) {
  EXPECT_EQ(site({"aspmx.l.google.com", "alt1.aspmx.l.google.com"}), "google");
  EXPECT_EQ(site({"a-example.mail.protection.outlook.com"}), "microsoft");
  EXPECT_EQ(site({"aspmx.l.google.com", "backup.a.example"}), "aspmx.l.google.com,backup.a.example")
      << "not all of its hosts are the provider's";
  settings_.providers["hoster"] = {"*.hoster.example"};
  EXPECT_EQ(site({"mx7.hoster.example"}), "hoster");
}

TEST_F(SitePolicyTest, DomainThatIsNamedIsASiteOfItsOwn) {
  settings_.shaping.push_back(
      {.destinations = {"*.slow.example"}, .connections = 1, .rate = {}, .messages_per_connection = {}});
  EXPECT_EQ(site({"aspmx.l.google.com"}, "a.slow.example"), "a.slow.example");
  EXPECT_EQ(site({"aspmx.l.google.com"}, "other.example"), "google");
}

TEST_F(SitePolicyTest, StarShapesAllAndNamesNone) {
  settings_.shaping.push_back({.destinations = {"*"}, .connections = 3, .rate = {}, .messages_per_connection = 7});
  EXPECT_EQ(site({"mx.a.example"}), "mx.a.example");
  EXPECT_EQ(limits("*").connections, 3U);
  EXPECT_EQ(policy().messages_per_connection("mx.a.example"), 7U);
}

TEST_F(SitePolicyTest, MessagesPerConnectionAreAsUsualWhereNothingIsSaid) {
  settings_.shaping.push_back({.destinations = {"google"}, .connections = 3, .rate = {}, .messages_per_connection = 7});
  EXPECT_EQ(policy().messages_per_connection("google"), 7U);
  EXPECT_EQ(policy().messages_per_connection("mx.a.example"), 0U);
}

TEST_F(SitePolicyTest, RouteLimitsItsNextHop) {
  auto& route = route_.routes.emplace_back();
  route.domains = {"b.example"};
  route.next_hops = {"[10.0.0.1]:25"};
  route.rate = base::Rate{.count = 100, .period = 1min};
  EXPECT_EQ(policy().via("b.example", me_), "[10.0.0.1]:25");
  EXPECT_EQ(limits("[10.0.0.1]:25").connections, 20U);
  EXPECT_EQ(limits("[10.0.0.1]:25").rate.count, 100U);
}

TEST_F(SitePolicyTest, MaildirHasALimitOfItsOwn) {
  EXPECT_EQ(limits("maildir").connections, 8U);
  EXPECT_FALSE(limits("maildir").adaptive);
}

TEST_F(SitePolicyTest, RouteOverridesTheScheduleInPart) {
  auto& route = route_.routes.emplace_back();
  route.domains = {"b.example"};
  route.retry.first = 1min;
  route.retry.expire = 6h;
  const auto retry = policy().retry("b.example", me_);
  EXPECT_EQ(retry.first, 1min);
  EXPECT_EQ(retry.expire, 6h);
  EXPECT_EQ(retry.max, settings_.queue.retry.max);
  EXPECT_EQ(policy().retry("c.example", me_).first, settings_.queue.retry.first);
}

TEST_F(SitePolicyTest, ReportsGoByTheirOwnScheduleByAnyRoute) {
  auto& route = route_.routes.emplace_back();
  route.domains = {"b.example"};
  route.retry.first = 1min;
  route.retry.max = 2h;
  route.retry.expire = 6h;
  settings_.queue.retry.bounce_first = 7min;
  const auto reports = policy().retry("b.example", {});
  EXPECT_EQ(reports.first, 7min);
  EXPECT_EQ(reports.max, 2h) << "nothing else is said of reports";
  EXPECT_EQ(reports.expire, settings_.queue.retry.bounce_expire);
  EXPECT_EQ(policy().retry("c.example", {}).first, 7min);
}

TEST_F(SitePolicyTest, ARouteHasAScheduleForReportsToo) {
  auto& retry = route_.routes.emplace_back().retry;
  route_.routes[0].domains = {"b.example"};
  settings_.queue.retry.bounce_first = 7min;
  retry.bounce_expire = 2h;
  retry.bounce_max = 30min;
  const auto reports = policy().retry("b.example", {});
  EXPECT_EQ(reports.first, 7min) << "of this it says nothing";
  EXPECT_EQ(reports.max, 30min);
  EXPECT_EQ(reports.expire, 2h);
  EXPECT_EQ(policy().retry("b.example", me_).expire, settings_.queue.retry.expire) << "other mail goes on as it did";
  retry.first = 1min;
  retry.bounce_first = 0s;
  EXPECT_EQ(policy().retry("b.example", {}).first, 1min) << "no other than for the route's other mail";
  EXPECT_EQ(policy().retry("c.example", {}).expire, settings_.queue.retry.bounce_expire);
}

}  // namespace
}  // namespace godwit::dispatch
