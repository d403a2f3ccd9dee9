// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/sts_policies.hpp"

#include <gmock/gmock.h>

#include "godwit/route/sts_fetch.hpp"
#include "support/fake_resolver.hpp"
#include "support/fake_web.hpp"
#include "support/run_on.hpp"
#include "support/sim_disk.hpp"
#include "support/test_certificate.hpp"

// GCC 12 sees through the operator new of Asio's frames but not through their delete.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace godwit::route {
namespace {

using namespace std::chrono_literals;
using testing::http_answer;
using Mode = StsPolicy::Mode;

std::string policy_text(const std::string& mode, const std::string& max_age = "86400") {
  return "version: STSv1\nmode: " + mode + "\nmx: mx.a.example\nmax_age: " + max_age + "\n";
}

class StsPoliciesTest : public ::testing::Test {
 protected:
  StsPoliciesTest() {
    resolver.add_txt("_mta-sts.a.example", "v=STSv1; id=1;");
    resolver.add_address("mta-sts.a.example", "192.0.2.1");
    net::TlsSettings settings;
    settings.certificates = {testing::make_certificate(folder, "web", {.names = {"mta-sts.a.example"}})};
    settings.ca_file = settings.certificates[0].certificate;
    web.tls = net::TlsServerContext::load(settings).value();
    client = net::TlsClientContext::load(settings).value();
    web.answer = http_answer(200, "text/plain", policy_text("enforce"));
    restart();
  }
  ~StsPoliciesTest() override { stop(); }

  void stop() {
    if (policies) run(policies->stop(base::no_deadline));
    policies.reset();
  }
  void restart() {
    stop();
    policies.emplace(
        StsPolicies::Surroundings{
            .executor = io.get_executor(),
            .deadlines = deadlines,
            .network = web,
            .resolver = resolver,
            .clock = clock,
            .log = log::null_logger(),
            .file = file,
        },
        client, std::uint16_t{443});
    run(policies->start());
  }
  void run(boost::asio::awaitable<void> task) {
    auto wrapped = [](boost::asio::awaitable<void> inner) -> boost::asio::awaitable<bool> {
      co_await std::move(inner);
      co_return true;
    };
    testing::run_on(io, wrapped(std::move(task)));
  }
  StsVerdict ask(const std::string& domain = "a.example") { return testing::run_on(io, policies->of(domain)); }
  void set_record(const std::string& text) {
    resolver = testing::FakeResolver();
    resolver.add_address("mta-sts.a.example", "192.0.2.1");
    if (!text.empty()) resolver.add_txt("_mta-sts.a.example", text);
  }
  // Lets a fetch that nobody waits for come to its end.
  void settle() {
    io.restart();
    io.poll();
  }
  std::size_t fetches() const { return web.requests.size(); }

  testing::TemporaryFolder folder;
  boost::asio::io_context io;
  testing::ManualClock clock;
  net::Deadlines deadlines{clock};
  testing::FakeWeb web{io, clock};
  testing::FakeResolver resolver;
  test::SimDisk disk;
  state::SmallFile file{"/state", "mta_sts", disk, io.get_executor(), StsPolicies::largest_file};
  std::shared_ptr<const net::TlsClientContext> client;
  std::optional<StsPolicies> policies;
};

TEST_F(StsPoliciesTest, FetchesOnceAndKeeps) {
  const auto first = ask();
  ASSERT_NE(first.policy, nullptr) << first.problem << " " << first.why;
  EXPECT_EQ(first.policy->mode, Mode::enforce);
  EXPECT_THAT(web.requests.at(0), ::testing::StartsWith("GET /.well-known/mta-sts.txt HTTP/1.1\r\n"
                                                        "Host: mta-sts.a.example\r\n"));
  EXPECT_EQ(ask().policy, first.policy);
  EXPECT_EQ(fetches(), 1U);
}

TEST_F(StsPoliciesTest, WithoutARecordNothingIsFetched) {
  EXPECT_EQ(ask("b.example").policy, nullptr);
  EXPECT_EQ(ask("b.example").problem, "");
  EXPECT_EQ(fetches(), 0U);
}

TEST_F(StsPoliciesTest, AsksAtTheSameTimeShareAFetch) {
  const auto [one, two, three] =
      testing::run_together(io, policies->of("a.example"), policies->of("a.example"), policies->of("a.example"));
  EXPECT_NE(one.policy, nullptr);
  EXPECT_EQ(one.policy, two.policy);
  EXPECT_EQ(two.policy, three.policy);
  EXPECT_EQ(fetches(), 1U);
}

TEST_F(StsPoliciesTest, AnotherIdIsFetchedBeforeMailGoes) {
  EXPECT_NE(ask().policy, nullptr);
  set_record("v=STSv1; id=2;");
  web.answer = http_answer(200, "text/plain", policy_text("testing"));
  EXPECT_EQ(ask().policy->mode, Mode::testing);
  EXPECT_EQ(ask().policy->mode, Mode::testing);
  EXPECT_EQ(fetches(), 2U);
}

TEST_F(StsPoliciesTest, AKnownPolicyHoldsWhateverDnsAndHttpsSay) {
  EXPECT_NE(ask().policy, nullptr);
  set_record("");
  EXPECT_NE(ask().policy, nullptr);
  resolver.fail("TXT _mta-sts.a.example");
  EXPECT_NE(ask().policy, nullptr);
  set_record("v=STSv1; id=2;");
  web.answer = http_answer(500, "text/plain", "");
  EXPECT_EQ(ask().policy->mode, Mode::enforce);
  EXPECT_EQ(ask().problem, "");
  EXPECT_EQ(fetches(), 2U) << "a failure is not repeated at once";
  clock.now += StsPolicies::failure_kept;
  EXPECT_NE(ask().policy, nullptr);
  EXPECT_EQ(fetches(), 3U);
  clock.now += 24h;
  EXPECT_EQ(ask().policy, nullptr) << "its time is over";
  EXPECT_EQ(ask().problem, "sts-policy-fetch-error");
}

TEST_F(StsPoliciesTest, NoneIsRememberedAndMeansNothing) {
  web.answer = http_answer(200, "text/plain", policy_text("none"));
  EXPECT_EQ(ask().policy, nullptr);
  EXPECT_EQ(ask().problem, "");
  EXPECT_EQ(fetches(), 1U);
}

TEST_F(StsPoliciesTest, SurvivesARestart) {
  EXPECT_NE(ask().policy, nullptr);
  restart();
  set_record("");
  EXPECT_NE(ask().policy, nullptr);
  EXPECT_EQ(fetches(), 1U);
  EXPECT_EQ(policies->known(), 1U);
}

TEST_F(StsPoliciesTest, IsFetchedAnewBeforeItsTimeIsOverWithoutAnyoneWaiting) {
  EXPECT_NE(ask().policy, nullptr);
  clock.now += 13h;
  web.answer = http_answer(200, "text/plain", policy_text("testing"));
  EXPECT_EQ(ask().policy->mode, Mode::enforce);
  settle();
  EXPECT_EQ(ask().policy->mode, Mode::testing);
  EXPECT_EQ(fetches(), 2U);
}

TEST_F(StsPoliciesTest, IsRefreshedAlsoWhenNobodyWrites) {
  EXPECT_NE(ask().policy, nullptr);
  clock.now += 13h;
  deadlines.expire(clock.now);
  settle();
  EXPECT_EQ(fetches(), 2U);
}

TEST_F(StsPoliciesTest, ACertificateOfAnotherNameGivesNoPolicy) {
  net::TlsSettings settings;
  settings.certificates = {testing::make_certificate(folder, "other", {.names = {"a.example"}})};
  settings.ca_file = settings.certificates[0].certificate;
  web.tls = net::TlsServerContext::load(settings).value();
  policies->change_settings(net::TlsClientContext::load(settings).value(), 443);
  EXPECT_EQ(ask().policy, nullptr);
  EXPECT_EQ(ask().problem, "sts-webpki-invalid");
}

TEST(StsFetched, OnlyA200OfPlainTextIsAPolicy) {
  using net::HttpAnswer;
  using net::HttpFailure;
  const auto type_of = [](net::HttpClient::Outcome outcome) {
    const auto fetched = sts_fetched(outcome);
    return fetched ? std::string("ok") : std::string(fetched.error().type);
  };
  const std::string good = policy_text("enforce");
  EXPECT_EQ(type_of(HttpAnswer{200, "text/plain", good}), "ok");
  EXPECT_EQ(type_of(HttpAnswer{200, " Text/Plain ; charset=utf-8", good}), "ok");
  EXPECT_EQ(type_of(HttpAnswer{200, "text/html", good}), "sts-policy-fetch-error");
  EXPECT_EQ(type_of(HttpAnswer{200, "", good}), "sts-policy-fetch-error");
  EXPECT_EQ(type_of(HttpAnswer{301, "text/plain", good}), "sts-policy-fetch-error");
  EXPECT_EQ(type_of(HttpAnswer{404, "text/plain", good}), "sts-policy-fetch-error");
  EXPECT_EQ(type_of(HttpAnswer{200, "text/plain", "nonsense"}), "sts-policy-invalid");
  const auto failure = [](HttpFailure::Step step) { return std::unexpected(HttpFailure{.step = step, .why = "w"}); };
  EXPECT_EQ(type_of(failure(HttpFailure::Step::certificate)), "sts-webpki-invalid");
  EXPECT_EQ(type_of(failure(HttpFailure::Step::connect)), "sts-policy-fetch-error");
}

}  // namespace
}  // namespace godwit::route
