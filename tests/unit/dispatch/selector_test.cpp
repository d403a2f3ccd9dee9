// SPDX-License-Identifier: Apache-2.0
#include "godwit/dispatch/selector.hpp"

#include <gtest/gtest.h>

namespace godwit::dispatch {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime now{std::chrono::hours(24 * 20000)};

spool::Summary from(const std::string& sender) {
  spool::Summary summary;
  summary.sender = sender;
  summary.waiting = {{"a.example", 1}, {"b.example", 2}};
  summary.accepted = now - 1h;
  return summary;
}

TEST(Selector, SenderIsAPattern) {
  struct Row {
    const char *pattern, *sender;
    bool means;
  };
  const Row rows[] = {{"alice@x.example", "Alice@x.example", true},
                      {"alice@x.example", "malice@x.example", false},
                      {"*@x.example", "bob@x.example", true},
                      {"*@x.example", "bob@y.x.example", false},
                      {"@x.example", "bob@x.example", true},
                      {"@*.example", "bob@x.example", true},
                      {"news-*@x.example", "news-7@x.example", true},
                      {"<>", "", true},
                      {"<>", "a@x.example", false},
                      {"@x.example", "", false},
                      {"*", "", true}};
  for (const auto& [pattern, sender, means] : rows)
    EXPECT_EQ((Selector{.sender = pattern}).may_mean(from(sender), now), means) << pattern << " " << sender;
}

TEST(Selector, WhatIsSetMustAllHold) {
  EXPECT_TRUE((Selector{.destination = "b.example", .older = 30min}).may_mean(from("s"), now));
  EXPECT_FALSE((Selector{.destination = "c.example"}).may_mean(from("s"), now));
  EXPECT_FALSE((Selector{.older = 1h}).may_mean(from("s"), now)) << "as old is not older";
  EXPECT_FALSE((Selector{.sender = "t", .destination = "b.example"}).may_mean(from("s"), now));
  EXPECT_TRUE((Selector{.recipient = "x@b.example"}).may_mean(from("s"), now)) << "the envelope will tell";
  EXPECT_FALSE((Selector{.recipient = "@c.example"}).may_mean(from("s"), now));
}

TEST(Selector, AnItemHasStateAndDestination) {
  const queue::Item item{.key = {{1}, "a.example"}, .accepted = now - 1h, .state = queue::State::held};
  EXPECT_TRUE((Selector{.destination = "*.EXAMPLE", .state = queue::State::held}).may_mean(item, now));
  EXPECT_FALSE((Selector{.state = queue::State::waiting}).may_mean(item, now));
  EXPECT_FALSE((Selector{.recipient = "x@b.example"}).may_mean(item, now));
}

TEST(Selector, OnlyALocalPartNeedsTheEnvelope) {
  for (const char* without : {"", "@a.example", "*@a.example", "*"})
    EXPECT_FALSE((Selector{.recipient = without}).needs_envelope()) << without;
  for (const char* with : {"x@a.example", "x*", "*x@*"})
    EXPECT_TRUE((Selector{.recipient = with}).needs_envelope()) << with;
}

TEST(Selector, OfARecipientAddressAndDestinationAreAsked) {
  const mail::Recipient carol{.address = {"carol", "a.example"}};
  EXPECT_FALSE((Selector{.recipient = "bob@*"}).means(carol));
  EXPECT_TRUE((Selector{.recipient = "c*@a.example"}).means(carol));
  EXPECT_FALSE((Selector{.recipient = "c*@a.example", .destination = "b.example"}).means(carol));
}

}  // namespace
}  // namespace godwit::dispatch
