// SPDX-License-Identifier: Apache-2.0
// What a message demands of TLS (RFC 8689), made into the policies of the hosts.
#include <gmock/gmock.h>

#include "godwit/route/router.hpp"
#include "godwit/route/sts_policies.hpp"
#include "support/fake_resolver.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::route {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Every domain has one that names "mx".
class OnePolicy final : public StsSource {
 public:
  boost::asio::awaitable<StsVerdict> of(std::string domain) override {
    asked.push_back(std::move(domain));
    StsPolicy policy{.mode = mode, .max_age = std::chrono::seconds(1), .mx = {"mx"}};
    StsVerdict verdict;
    verdict.policy = std::make_shared<const StsPolicy>(std::move(policy));
    co_return verdict;
  }
  StsPolicy::Mode mode = StsPolicy::Mode::enforce;
  std::vector<std::string> asked;
};

class TlsDemandTest : public ::testing::Test {
 protected:
  TlsDemandTest() {
    settings_.hostname = "mail.example.com";
    dns_.add_address("mx", "192.0.2.1").add_address("mx2", "192.0.2.2").add_address("relay", "192.0.2.3");
    dns_.add_mx("a.example", 10, "mx").add_mx("a.example", 20, "mx2");
  }
  SmtpHop hop(TlsDemand demand, StsSource* sts = nullptr, std::string domain = "a.example") {
    const Router router(settings_, {}, {});
    const smtp::Mailbox sender{"me", "example.com"};
    return std::get<SmtpHop>(testing::run_awaitable(router.hop(std::move(domain), sender, dns_, random_, sts, demand)));
  }
  void sign() {
    dns_.authentic = true;
    dns_.add_tlsa("_25._tcp.mx", {.usage = 3, .selector = 1, .matching = 1, .data = std::string(32, 'x')});
  }
  RouteSettings& route(TlsLevel level) {
    auto& added = settings_.routes.emplace_back();
    added.domains = {"a.example"};
    added.tls = level;
    added.has_tls = true;
    return added;
  }

  Settings settings_;
  testing::FakeResolver dns_;
  base::SeededRandom random_{42};
  OnePolicy sts_;
};

TEST_F(TlsDemandTest, ANameFromAnUnsignedAnswerProvesNothing) {
  for (const auto& host : hop(TlsDemand::required).hosts) {
    EXPECT_THAT(host.tls.skip, HasSubstr("neither signed DNS nor an MTA-STS policy"));
    EXPECT_EQ(host.tls.source, "requiretls");
  }
  for (const auto& host : hop(TlsDemand::usual).hosts) EXPECT_EQ(host.tls, TlsPolicy{});
}

TEST_F(TlsDemandTest, SignedDnsNamesTheHostAndItsRecordsCountAsEver) {
  sign();
  const auto way = hop(TlsDemand::required);
  EXPECT_EQ(way.hosts.at(0).tls.level, TlsLevel::dane);
  EXPECT_EQ(way.hosts.at(1).tls, (TlsPolicy{.level = TlsLevel::verify, .names = {"mx2"}, .source = "requiretls"}));
}

TEST_F(TlsDemandTest, APolicyNamesTheHostInTestingModeToo) {
  const auto enforced = hop(TlsDemand::required, &sts_);
  EXPECT_EQ(enforced.hosts.at(0).tls, (TlsPolicy{.level = TlsLevel::verify, .names = {"mx"}, .source = "mta-sts"}));
  EXPECT_EQ(enforced.hosts.at(1).tls.skip, not_in_sts_policy);
  sts_.mode = StsPolicy::Mode::testing;
  const auto tested = hop(TlsDemand::required, &sts_);
  EXPECT_EQ(tested.hosts.at(0).tls, (TlsPolicy{.level = TlsLevel::verify, .names = {"mx"}, .source = "requiretls"}));
  EXPECT_THAT(tested.hosts.at(1).tls.skip, HasSubstr("neither"));
}

TEST_F(TlsDemandTest, ADomainWithoutMxAndAHostOfARuleBearTheirNames) {
  dns_.add_address("b.example", "192.0.2.9");
  EXPECT_THAT(hop(TlsDemand::required, nullptr, "b.example").hosts.at(0).tls.names, ElementsAre("b.example"));
  EXPECT_THAT(hop(TlsDemand::required, nullptr, "[192.0.2.9]").hosts.at(0).tls.names, ElementsAre("192.0.2.9"));
  route(TlsLevel::opportunistic).next_hops = {"relay"};
  EXPECT_THAT(hop(TlsDemand::required).hosts.at(0).tls.names, ElementsAre("relay"));
}

TEST_F(TlsDemandTest, WhoGetsMailInClearIsSkipped) {
  route(TlsLevel::none).next_hops = {"relay"};
  EXPECT_THAT(hop(TlsDemand::required).hosts.at(0).tls.skip, HasSubstr("in clear"));
}

TEST_F(TlsDemandTest, TheAdministratorsOwnNameIsEnough) {
  route(TlsLevel::verify).tls_name = "mx.corp.example";
  const auto way = hop(TlsDemand::required);
  EXPECT_EQ(way.hosts.at(0).tls,
            (TlsPolicy{.level = TlsLevel::verify, .names = {"mx.corp.example"}, .source = "route"}));
}

TEST_F(TlsDemandTest, WhatCannotBeLookedUpIsLeftToTheNextAttempt) {
  sign();
  dns_.fail("TLSA _25._tcp.mx");
  const auto way = hop(TlsDemand::required);
  EXPECT_EQ(way.hosts.at(0).tls.source, "dane");
  EXPECT_THAT(way.hosts.at(0).tls.skip, HasSubstr("lookup"));
}

TEST_F(TlsDemandTest, WaivedTheDomainIsNotAskedAndNotTold) {
  sign();
  const auto way = hop(TlsDemand::waived, &sts_);
  for (const auto& host : way.hosts) EXPECT_EQ(host.tls, TlsPolicy{});
  EXPECT_THAT(sts_.asked, IsEmpty());
  EXPECT_EQ(way.reporting.domain, "");
  EXPECT_EQ(hop(TlsDemand::usual, &sts_).reporting.domain, "a.example");
}

TEST_F(TlsDemandTest, TheAdministratorsWordIsNotWaived) {
  auto& added = route(TlsLevel::require);
  EXPECT_EQ(hop(TlsDemand::waived).hosts.at(0).tls.level, TlsLevel::require);
  sign();
  added.tls = TlsLevel::dane;
  EXPECT_EQ(hop(TlsDemand::waived).hosts.at(0).tls.level, TlsLevel::dane);
}

}  // namespace
}  // namespace godwit::route
