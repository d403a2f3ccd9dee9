// SPDX-License-Identifier: Apache-2.0
#include "godwit/dns/query_case.hpp"

#include <set>

#include <gtest/gtest.h>

#include "godwit/dns/message.hpp"

namespace godwit::dns {
namespace {

const Question asked{.name = "mail-1.example.net", .type = Type::mx};

std::string query_with_case(std::uint64_t seed) {
  base::SeededRandom random(seed);
  auto query = *build_query(asked);
  randomize_case(query, random);
  return query;
}

TEST(QueryCase, OnlyLettersOfTheNameChange) {
  const auto plain = *build_query(asked);
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const auto query = query_with_case(seed);
    ASSERT_EQ(query.size(), plain.size());
    for (std::size_t i = 0; i < query.size(); ++i) {
      const bool same = query[i] == plain[i];
      const bool letter = plain[i] >= 'a' && plain[i] <= 'z' && i > 12 && i < 12 + asked.name.size() + 2;
      EXPECT_TRUE(same || (letter && (query[i] ^ plain[i]) == 0x20)) << "byte " << i;
    }
    seen.insert(query);
  }
  EXPECT_GT(seen.size(), 35U);
}

TEST(QueryCase, AnAnswerRepeatsTheQuestionByteForByte) {
  const auto query = query_with_case(7);
  auto answer = query;
  answer[2] = static_cast<char>(0x81);
  EXPECT_TRUE(repeats_question(answer, query));
  EXPECT_FALSE(repeats_question(query_with_case(8), query));
  EXPECT_FALSE(repeats_question(*build_query(asked), query));
}

TEST(QueryCase, WhoDidNotUnderstandTheQueryMayLeaveTheQuestionOut) {
  const auto query = query_with_case(7);
  const std::string not_understood("\0\0\x81\x81\0\0\0\0\0\0\0\0", 12), fine("\0\0\x81\x80\0\0\0\0\0\0\0\0", 12);
  EXPECT_TRUE(repeats_question(not_understood, query));
  EXPECT_FALSE(repeats_question(fine, query));
}

TEST(QueryCase, WhatIsCutOffRepeatsNothing) {
  const auto query = query_with_case(7);
  for (std::size_t size = 0; size < 12 + asked.name.size() + 2 + 4; ++size)
    EXPECT_FALSE(repeats_question(query.substr(0, size), query)) << size;
  EXPECT_FALSE(repeats_question(query, query.substr(0, 12)));
  EXPECT_FALSE(repeats_question(query, ""));
}

}  // namespace
}  // namespace godwit::dns
