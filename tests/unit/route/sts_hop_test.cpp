// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "godwit/route/router.hpp"
#include "godwit/route/sts_policies.hpp"
#include "support/fake_resolver.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::route {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Every domain has a policy that names "mx" and is enforced.
class StrictDomains final : public StsSource {
 public:
  boost::asio::awaitable<StsVerdict> of(std::string domain) override {
    asked.push_back(std::move(domain));
    StsPolicy policy{.mode = StsPolicy::Mode::enforce, .max_age = std::chrono::seconds(1), .mx = {"mx"}};
    StsVerdict verdict;
    verdict.policy = std::make_shared<const StsPolicy>(std::move(policy));
    co_return verdict;
  }
  std::vector<std::string> asked;
};

class StsHop : public ::testing::Test {
 protected:
  StsHop() {
    settings_.hostname = "mail.example.com";
    dns_.add_address("mx", "192.0.2.1").add_address("mx2", "192.0.2.2");
    dns_.add_mx("a.example", 10, "mx").add_mx("a.example", 20, "mx2");
  }
  Hop hop(std::string domain) {
    const Router router(settings_, {}, {});
    const smtp::Mailbox sender{"me", "example.com"};
    return testing::run_awaitable(router.hop(std::move(domain), sender, dns_, random_, &sts_));
  }
  TlsPolicy tls(const std::string& domain) { return std::get<SmtpHop>(hop(domain)).hosts.at(0).tls; }
  RouteSettings& route(std::string domain) {
    auto& added = settings_.routes.emplace_back();
    added.domains = {std::move(domain)};
    return added;
  }

  Settings settings_;
  testing::FakeResolver dns_;
  base::SeededRandom random_{42};
  StrictDomains sts_;
};

TEST_F(StsHop, AnEnforcedPolicyBindsTheHostsOfADomain) {
  const auto way = std::get<SmtpHop>(hop("A.example"));
  ASSERT_EQ(way.hosts.size(), 2U);
  EXPECT_EQ(way.hosts[0].tls, (TlsPolicy{.level = TlsLevel::verify, .names = {"mx"}, .source = "mta-sts"}));
  EXPECT_EQ(way.hosts[1].tls.skip, not_in_sts_policy);
  EXPECT_THAT(sts_.asked, ElementsAre("a.example"));
}

TEST_F(StsHop, ARouteWithoutAWordOnTlsChangesNothing) {
  route("a.example").retry.factor = 3;
  EXPECT_EQ(tls("a.example").source, "mta-sts");
}

TEST_F(StsHop, NoPolicyIsAskedForWhereItCannotCount) {
  route("to.example").next_hops = {"mx"};
  dns_.add_mx("routed.example", 10, "mx");
  route("routed.example").has_tls = true;
  hop("to.example");
  hop("[192.0.2.9]");
  hop("missing.example");
  EXPECT_EQ(tls("routed.example").level, TlsLevel::opportunistic);
  settings_.tls = TlsLevel::none;
  EXPECT_EQ(tls("a.example").level, TlsLevel::none);
  settings_.tls = TlsLevel::opportunistic;
  settings_.mta_sts = false;
  EXPECT_EQ(tls("a.example").level, TlsLevel::opportunistic);
  EXPECT_THAT(sts_.asked, IsEmpty());
}

TEST_F(StsHop, SignedRecordsDecideWhereBothSpeak) {
  dns_.authentic = true;
  dns_.add_tlsa("_25._tcp.mx", {.usage = 3, .selector = 1, .matching = 1, .data = std::string(32, 'x')});
  const auto way = std::get<SmtpHop>(hop("a.example"));
  EXPECT_EQ(way.hosts.at(0).tls.level, TlsLevel::dane);
  EXPECT_EQ(way.hosts.at(1).tls.skip, not_in_sts_policy);
}

}  // namespace
}  // namespace godwit::route
