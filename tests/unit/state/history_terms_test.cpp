// SPDX-License-Identifier: Apache-2.0
#include "state/history_terms.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <random>

#include "state/history_matcher.hpp"

namespace godwit::state {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Words = std::vector<std::string>;

std::string event_of(std::string_view name, std::vector<log::Field> fields) {
  fields.insert(fields.begin(), log::Field("id", std::string_view("0000000000001")));
  return encode_event(base::WallTime(std::chrono::seconds(1)), ids_of(fields), name, fields);
}

bool may_mean(const std::vector<TermPattern>& patterns, const FrameTerms& frame) {
  return std::ranges::all_of(patterns, [&](const TermPattern& pattern) {
    return std::ranges::any_of(frame.terms, [&](const Term& term) {
      return term.kind == TermKind::everything || (term.kind == pattern.kind && pattern.may_mean(term.text));
    });
  });
}

TEST(HistoryTerms, AreWhatAnEventIsFoundBy) {
  const auto frame = terms_of_frame(
      8, event_of("Accepted", {{"from", "<Alice@Example.com>"}, {"to", "<bob@b.example>,<carol@b.example>"}}));
  EXPECT_THAT(frame.terms,
              ElementsAre(Term{TermKind::sender, "alice@example.com"}, Term{TermKind::sender_domain, "example.com"},
                          Term{TermKind::recipient, "bob@b.example"}, Term{TermKind::recipient, "carol@b.example"},
                          Term{TermKind::destination, "b.example"}, Term{TermKind::outcome, "accepted"}));
}

TEST(HistoryTerms, DomainIsLookedUpAsSuch) {
  for (const auto* pattern : {"@B.example", "*@b.example"}) {
    const auto patterns = patterns_of({.recipient = pattern});
    ASSERT_THAT(patterns, SizeIs(1));
    EXPECT_EQ(patterns[0].kind, TermKind::destination);
    EXPECT_EQ(patterns[0].prefix, "b.example");
    EXPECT_FALSE(patterns[0].pattern);
  }
  EXPECT_EQ(patterns_of({.sender = "*@*.example"}).at(0).kind, TermKind::sender);
  EXPECT_EQ(patterns_of({.sender = "bob*"}).at(0).prefix, "bob");
}

TEST(HistoryTerms, WhatMeansAllIsNotLookedUp) {
  EXPECT_THAT(patterns_of({}), IsEmpty());
  EXPECT_THAT(patterns_of({.sender = "*", .recipient = "**", .destination = "*", .message_id = ""}), IsEmpty());
  EXPECT_THAT(patterns_of({.message_id = "*"}), IsEmpty());
}

TEST(HistoryTerms, FrameOfMoreThanItIsWorthIsReadByEverybody) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "<" + std::to_string(i) + "@x>,";
  const auto frame = terms_of_frame(8, event_of("accepted", {{"to", many}}));
  EXPECT_THAT(frame.terms, ElementsAre(Term{TermKind::everything, ""}));
}

TEST(HistoryTerms, LongOnesAreCutAndFoundAllTheSame) {
  const auto id = std::string(300, 'a');
  const auto frame = terms_of_frame(8, event_of("accepted", {{"message_id", "<" + id + "@x>"}}));
  for (const auto& pattern : {id + "@x", id + "@*", std::string("a*@x"), std::string("*@X")})
    EXPECT_TRUE(may_mean(patterns_of({.message_id = pattern}), frame)) << pattern;
  EXPECT_FALSE(may_mean(patterns_of({.message_id = "b*"}), frame));
  EXPECT_FALSE(may_mean(patterns_of({.message_id = std::string(254, 'a')}), frame));
}

// The one promise: who looks things up finds all that who reads finds.
TEST(HistoryTerms, WhateverIsMeantIsLookedUp) {
  const Words senders{"", "<>", "<a@x.example>", "<A@Y.example>", "x.example", "<\"a@b\"@x.example>", "<@>"};
  const Words recipients{"",          "<b@x.example>",       "<b@x.example>,<c@y.example>",
                         "x.example", "x.example,y.example", "<\"b,c\"@x.example>",
                         "<>"};
  const Words sites{"", "x.example", "Google"};
  const Words ids{"", "<1@x.example>", "2@y.example", "<>"};
  const Words names{"accepted", "attempt", "Delivered"};
  const Words patterns{"",
                       "<>",
                       "*",
                       "**",
                       "@",
                       "*@",
                       "@x.example",
                       "*@x.example",
                       "a@x.example",
                       "a@*",
                       "*@*",
                       "@*",
                       "x.example",
                       "*.example",
                       "*x.e*",
                       "B@X.EXAMPLE",
                       "b*",
                       "\"*",
                       "x.",
                       "google",
                       "@@x",
                       "1@x.example",
                       "<1@x.example>",
                       "accepted",
                       "ATTEMPT"};
  std::mt19937 random(7);
  const auto one_of = [&](const Words& words) -> const std::string& { return words[random() % words.size()]; };
  const auto sometimes = [&](const Words& words) { return random() % 3 == 0 ? one_of(words) : std::string(); };
  int meant = 0;
  for (int round = 0; round < 50000; ++round) {
    const auto payload = event_of(one_of(names), {{"from", std::string_view(one_of(senders))},
                                                  {"to", std::string_view(one_of(recipients))},
                                                  {"site", std::string_view(one_of(sites))},
                                                  {"message_id", std::string_view(one_of(ids))},
                                                  {"subject", std::string_view(one_of(ids))}});
    const HistoryQuery query{.sender = sometimes(patterns),
                             .recipient = sometimes(patterns),
                             .destination = sometimes(patterns),
                             .message_id = random() % 8 == 0 ? one_of(patterns) : std::string(),
                             .subject = random() % 8 == 0 ? one_of(patterns) : std::string(),
                             .outcome = random() % 8 == 0 ? one_of(names) : std::string()};
    EventView event;
    base::Cursor in(payload);
    ASSERT_TRUE(take_event(in, event));
    if (!HistoryMatcher(query).finds(event)) continue;
    ++meant;
    EXPECT_TRUE(may_mean(patterns_of(query), terms_of_frame(8, payload)))
        << "from " << event.text("from") << " to " << event.text("to") << " site " << event.text("site") << "; "
        << query.sender << " | " << query.recipient << " | " << query.destination << " | " << query.message_id;
  }
  EXPECT_GT(meant, 1000);
}

}  // namespace
}  // namespace godwit::state
