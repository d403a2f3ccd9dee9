// SPDX-License-Identifier: Apache-2.0
#include "deliver/required_tls.hpp"

#include <gmock/gmock.h>

namespace godwit::deliver {
namespace {

using smtp::RecipientResult;
using smtp::Stage;
using Verdict = RecipientResult::Verdict;

TEST(RequiredTls, AHostWithoutTlsIsNotWaitedFor) {
  for (const auto stage : {Stage::starttls, Stage::tls}) {
    const auto result = as_required({Verdict::try_next, stage, {}, "no"});
    EXPECT_EQ(result.verdict, Verdict::not_here);
    EXPECT_EQ(result.enhanced, (smtp::EnhancedCode{5, 7, 10}));
  }
  const auto refused = as_required({Verdict::try_next, Stage::starttls, smtp::make_reply(502, {}, "what?"), "refused"});
  EXPECT_EQ(refused.verdict, Verdict::not_here);
}

TEST(RequiredTls, WhatPassesIsWaitedFor) {
  const auto busy = smtp::make_reply(454, {4, 7, 0}, "TLS is not available due to temporary reason");
  EXPECT_EQ(as_required({Verdict::try_next, Stage::starttls, busy, {}}).verdict, Verdict::try_next);
  EXPECT_EQ(as_required({Verdict::try_next, Stage::connect, {}, "connection refused"}).verdict, Verdict::try_next);
  RecipientResult reset{Verdict::try_next, Stage::tls, {}, "connection reset by peer"};
  reset.lost = true;
  EXPECT_EQ(as_required(reset).verdict, Verdict::try_next);
  EXPECT_EQ(as_required({Verdict::delivered, Stage::final_dot, {}, {}}).verdict, Verdict::delivered);
}

TEST(RequiredTls, ASkippedHostIsWaitedForWhereDnsMaySayMore) {
  route::Host host;
  host.tls = {.level = route::TlsLevel::verify, .source = "mta-sts", .skip = "not named"};
  EXPECT_EQ(skipped_host(host, "not named", true).verdict, Verdict::not_here);
  EXPECT_EQ(skipped_host(host, "not named", false).verdict, Verdict::try_next);
  host.tls = {.level = route::TlsLevel::dane, .source = "dane", .skip = "lookup failed"};
  EXPECT_EQ(skipped_host(host, "lookup failed", true).verdict, Verdict::try_next);
}

TEST(RequiredTls, AStoreOnAnotherMachineGetsNothingInClear) {
  EXPECT_EQ(why_unprotected(*base::Endpoint::parse("127.0.0.1:24")), "");
  EXPECT_EQ(why_unprotected(*base::Endpoint::parse("unix:/run/lmtp")), "");
  EXPECT_THAT(why_unprotected(*base::Endpoint::parse("192.0.2.1:24")), ::testing::HasSubstr("192.0.2.1"));
}

}  // namespace
}  // namespace godwit::deliver
