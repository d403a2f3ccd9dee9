// SPDX-License-Identifier: Apache-2.0
#include "route/sts_cache.hpp"

#include <gmock/gmock.h>

namespace godwit::route {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using ::testing::ElementsAre;

constexpr base::WallTime start{days(20000)};

StsEntry entry(std::chrono::seconds max_age, base::WallTime fetched = start,
               std::vector<std::string> mx = {"mx.example"}) {
  StsPolicy policy{.mode = StsPolicy::Mode::enforce, .max_age = max_age, .mx = std::move(mx)};
  return {.policy = std::make_shared<const StsPolicy>(std::move(policy)), .id = "1", .fetched = fetched, .used = start};
}

TEST(StsCache, APolicyHoldsForItsMaxAge) {
  StsCache cache;
  cache.put("a.example", entry(100s));
  EXPECT_NE(cache.use("a.example", start + 99s), nullptr);
  EXPECT_EQ(cache.use("a.example", start + 100s), nullptr);
  EXPECT_EQ(cache.use("a.example", start), nullptr) << "it is gone";
  cache.put("b.example", entry(100s, start + days(30)));
  EXPECT_EQ(cache.use("b.example", start), nullptr) << "fetched by a clock that was wrong";
}

TEST(StsCache, IsReadAsItWasWritten) {
  StsCache cache;
  cache.put("a.example", entry(days(7), start - 1h, {"mx.a.example", "*.b.example"}));
  auto none = entry(days(1));
  none.policy =
      std::make_shared<const StsPolicy>(StsPolicy{.mode = StsPolicy::Mode::none, .max_age = days(1), .mx = {}});
  cache.put("c.example", none);
  EXPECT_TRUE(cache.changed());
  const auto text = cache.text();
  EXPECT_FALSE(cache.changed());
  StsCache again;
  EXPECT_EQ(again.read(text), 0U);
  EXPECT_FALSE(again.changed());
  EXPECT_EQ(again.text(), text);
  const auto* kept = again.use("a.example", start);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(*kept->policy, *entry(days(7), start, {"mx.a.example", "*.b.example"}).policy);
  EXPECT_EQ(kept->fetched, start - 1h);
}

TEST(StsCache, LinesWithoutSenseAreLeftOut) {
  StsCache cache;
  EXPECT_EQ(cache.read("nonsense\n"
                       "a.example 1 1728000000 1728000000 enforce 86400 mx.a.example\n"
                       "b.example 1 x 1728000000 enforce 86400 mx.a.example\n"
                       "c.example 1 1728000000 1728000000 enforce 86400 \n"
                       "d.example 1 1728000000 1728000000 whatever 86400 mx.a.example\n"
                       "\n"),
            4U);
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_TRUE(cache.changed());
}

TEST(StsCache, IsStaleAfterADayOrInTheMiddleOfAShortLife) {
  EXPECT_FALSE(StsCache::is_stale(entry(days(30)), start + days(1) - 1s));
  EXPECT_TRUE(StsCache::is_stale(entry(days(30)), start + days(1)));
  EXPECT_FALSE(StsCache::is_stale(entry(1h), start + 29min));
  EXPECT_TRUE(StsCache::is_stale(entry(1h), start + 30min));
}

TEST(StsCache, OnlyWhatMailUsesIsRefreshed) {
  StsCache cache;
  cache.put("fresh.example", entry(days(200), start + days(61)));
  cache.put("unused.example", entry(days(200)));
  cache.put("used.example", entry(days(200)));
  EXPECT_NE(cache.use("used.example", start + days(10)), nullptr);
  EXPECT_THAT(cache.stale(start + days(61)), ElementsAre("used.example"));
}

TEST(StsCache, WhatWasUsedLongestAgoMakesRoom) {
  StsCache cache;
  for (std::size_t i = 0; i < StsCache::most_policies; ++i) cache.put(std::to_string(i) + ".example", entry(days(7)));
  EXPECT_NE(cache.use("0.example", start), nullptr);
  cache.put("new.example", entry(days(7)));
  EXPECT_EQ(cache.size(), StsCache::most_policies);
  EXPECT_NE(cache.use("0.example", start), nullptr);
  EXPECT_EQ(cache.use("1.example", start), nullptr);
}

TEST(StsCache, LongPoliciesLeaveRoomForFewer) {
  StsCache cache;
  const std::vector<std::string> many(most_sts_patterns, std::string(240, 'a'));
  for (int i = 0; i < 300; ++i) cache.put(std::to_string(i) + ".example", entry(days(7), start, many));
  EXPECT_LE(cache.text().size(), StsCache::most_bytes);
  EXPECT_GT(cache.text().size(), StsCache::most_bytes * 9 / 10);
}

TEST(StsCache, UseIsRememberedToTheDay) {
  StsCache cache;
  cache.put("a.example", entry(days(7)));
  static_cast<void>(cache.text());
  cache.use("a.example", start + 1h);
  EXPECT_FALSE(cache.changed()) << "no reason to write a file";
  cache.use("a.example", start + 25h);
  EXPECT_TRUE(cache.changed());
}

}  // namespace
}  // namespace godwit::route
