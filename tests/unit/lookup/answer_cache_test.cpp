// SPDX-License-Identifier: Apache-2.0
#include "godwit/lookup/answer_cache.hpp"

#include <gtest/gtest.h>

namespace godwit::lookup {
namespace {

using namespace std::chrono_literals;

const base::MonoTime start{};

CacheSettings cache(std::size_t entries = 10) {
  return {.present = 60s, .absent = 10s, .entries = entries};
}

TEST(AnswerCache, PresentAndAbsentAnswersHaveTimesOfTheirOwn) {
  AnswerCache kept(cache());
  EXPECT_FALSE(kept.recall("a", start));
  kept.remember("a", present({"x"}), start);
  kept.remember("b", absent(), start);
  EXPECT_EQ(kept.recall("a", start + 59s), present({"x"}));
  EXPECT_EQ(kept.recall("b", start + 9s), absent());
  EXPECT_FALSE(kept.recall("b", start + 10s));
  EXPECT_FALSE(kept.recall("a", start + 60s));
}

TEST(AnswerCache, OutageIsNotKeptAndEndsNothing) {
  AnswerCache kept(cache());
  kept.remember("a", present(), start);
  kept.remember("a", unavailable("down"), start);
  EXPECT_EQ(kept.recall("a", start), present());
}

TEST(AnswerCache, IsBounded) {
  AnswerCache kept(cache(2));
  for (const char* key : {"a", "b"}) kept.remember(key, present(), start);
  EXPECT_TRUE(kept.recall("a", start)) << "and now used last";
  kept.remember("c", present(), start);
  EXPECT_TRUE(kept.recall("a", start));
  EXPECT_FALSE(kept.recall("b", start));
}

}  // namespace
}  // namespace godwit::lookup
