// SPDX-License-Identifier: Apache-2.0
#include "dispatch/tls_counts.hpp"

#include <gmock/gmock.h>

namespace godwit::dispatch {
namespace {

using std::chrono::days;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Due = TlsCounts::Due;

constexpr TlsCounts::Day day{days(20000)};
constexpr base::WallTime noon = base::WallTime(day) + std::chrono::hours(12);

deliver::TlsSession session(std::string domain, std::string failure = {}, std::string reason = {}) {
  deliver::TlsSession result;
  result.domain = std::move(domain);
  result.policy_type = "sts";
  result.policy_strings = {"version: STSv1", "mode: enforce"};
  result.policy_hosts = {"mx.a.example", "*.b.example"};
  result.failure = std::move(failure);
  result.reason = std::move(reason);
  result.mail_host = "mx.a.example";
  result.sending_address = "192.0.2.1";
  result.receiving_address = "192.0.2.2";
  return result;
}

TEST(TlsCounts, SessionsOfADayAddUpByPolicyAndFailure) {
  TlsCounts counts;
  auto other = session("a.example");
  other.policy_type = "no-policy-found";
  other.policy_strings.clear();
  other.policy_hosts.clear();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(counts.count(session("a.example"), noon));
  for (int i = 0; i < 2; ++i) counts.count(session("a.example", "certificate-expired", "it has"), noon);
  counts.count(session("a.example", "certificate-expired", "it really has"), noon);
  counts.count(other, noon);
  counts.count(session("b.example"), noon);
  counts.count(session("a.example"), noon + days(1));

  EXPECT_THAT(counts.due(day + days(1)), ElementsAre(Due{day, "a.example"}, Due{day, "b.example"}));
  EXPECT_THAT(counts.due(day), IsEmpty());
  const auto policies = counts.policies({day, "a.example"});
  ASSERT_THAT(policies, SizeIs(2));
  EXPECT_EQ(policies[0].type, "no-policy-found");
  EXPECT_EQ(policies[0].successes, 1U);
  EXPECT_THAT(policies[0].strings, IsEmpty());
  EXPECT_EQ(policies[1].type, "sts");
  EXPECT_THAT(policies[1].strings, ElementsAre("version: STSv1", "mode: enforce"));
  EXPECT_THAT(policies[1].mail_hosts, ElementsAre("mx.a.example", "*.b.example"));
  EXPECT_EQ(policies[1].successes, 3U);
  EXPECT_EQ(policies[1].failures, 3U);
  ASSERT_THAT(policies[1].details, SizeIs(2));
  EXPECT_EQ(policies[1].details[0].reason, "it has");
  EXPECT_EQ(policies[1].details[0].sessions, 2U);
  EXPECT_EQ(policies[1].details[0].mail_host, "mx.a.example");
  EXPECT_EQ(policies[1].details[0].receiving_address, "192.0.2.2");

  counts.forget({day, "a.example"});
  EXPECT_THAT(counts.due(TlsCounts::Day::max()), ElementsAre(Due{day, "b.example"}, Due{day + days(1), "a.example"}));
}

TEST(TlsCounts, AreReadAsTheyWereWritten) {
  TlsCounts counts;
  counts.count(session("a.example"), noon);
  counts.count(session("a.example", "validation-failure", "odd \n \xFF % words"), noon);
  counts.count(session("b.example"), noon + days(1));
  EXPECT_TRUE(counts.changed());
  const auto text = counts.text();
  EXPECT_FALSE(counts.changed());
  TlsCounts again;
  EXPECT_EQ(again.read(text), 0U);
  EXPECT_EQ(again.text(), text);
  EXPECT_EQ(again.policies({day, "a.example"})[0].details[0].reason, "odd \n \xFF % words");
  again.forget({day, "a.example"});
  again.forget({day + days(1), "b.example"});
  EXPECT_EQ(again.rows(), 0U);
}

TEST(TlsCounts, LinesWithoutSenseAreLeftOut) {
  TlsCounts counts;
  EXPECT_EQ(counts.read("nonsense\n"
                        "20000 =a =sts = = = = = = = 7\n"
                        "20000 =a =sts = = = = = = 7\n"
                        "20000 a =sts = = = = = = = 7\n"
                        "20000 =%zz =sts = = = = = = = 7\n"
                        "x =a =sts = = = = = = = 7\n"
                        "20000 =a =sts = = = = = = = x\n"),
            6U);
  EXPECT_EQ(counts.policies({day, "a"})[0].successes, 7U);
}

TEST(TlsCounts, ManyDifferentFailuresOfADomainAreToldApartByTypeOnly) {
  TlsCounts counts;
  for (std::size_t i = 0; i < 10 * TlsCounts::most_details; ++i)
    EXPECT_TRUE(counts.count(session("a.example", "validation-failure", std::to_string(i)), noon));
  EXPECT_EQ(counts.rows(), TlsCounts::most_details + 1);
  const auto policies = counts.policies({day, "a.example"});
  EXPECT_EQ(policies[0].failures, 10 * TlsCounts::most_details);
}

TEST(TlsCounts, AreBounded) {
  TlsCounts counts;
  for (std::size_t i = 0; i < TlsCounts::most_rows; ++i)
    ASSERT_TRUE(counts.count(session(std::to_string(i) + ".example"), noon));
  EXPECT_FALSE(counts.count(session("a.example"), noon));
  EXPECT_TRUE(counts.count(session("1.example"), noon)) << "it has its row";
  EXPECT_THAT(counts.due(TlsCounts::Day::max()), SizeIs(TlsCounts::most_rows));

  TlsCounts large;
  auto long_policy = session("");
  long_policy.policy_strings = {std::string(100000, 'x')};
  std::size_t taken = 0;
  for (; taken < TlsCounts::most_rows; ++taken) {
    long_policy.domain = std::to_string(taken);
    if (!large.count(long_policy, noon)) break;
  }
  EXPECT_LT(taken, TlsCounts::most_bytes / TlsCounts::longest_text + 1);
  EXPECT_LE(large.text().size(), 3 * TlsCounts::most_bytes);
}

}  // namespace
}  // namespace godwit::dispatch
