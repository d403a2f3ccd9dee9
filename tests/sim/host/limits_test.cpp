// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "sim/host/limits.hpp"

namespace godwit::sim {
namespace {

using std::chrono::seconds;

class LimitsTest : public ::testing::Test {
 protected:
  static base::IpAddress address(std::string_view text) { return *base::IpAddress::parse(text); }
  Wire wire(std::string_view from, std::string_view to) {
    return {world,
            ++number,
            {.address = address(from), .port = 1, .unix_path = {}},
            {.address = address(to), .port = 25, .unix_path = {}},
            nullptr};
  }
  std::size_t complaints(std::string_view kind) const {
    return static_cast<std::size_t>(std::ranges::count(kinds, kind));
  }

  World world{1};
  std::uint64_t number = 0;
  std::vector<std::string> kinds;
  Limits limits{[this](std::string_view kind, const std::string&) { kinds.emplace_back(kind); }};
  const base::IpAddress host = address("10.0.0.1");
};

TEST_F(LimitsTest, ClientsAreCountedWhileTheyAreThere) {
  limits.set(host, {.incoming = 3, .per_client = 2, .trusted = *base::IpNetwork::parse("10.2.0.0/16")});
  const auto first = wire("10.3.0.1", "10.0.0.1"), second = wire("10.3.0.1", "10.0.0.1");
  limits.greeted(first);
  limits.greeted(second);
  limits.ended(first);
  const auto third = wire("10.3.0.1", "10.0.0.1");
  limits.greeted(third);
  EXPECT_TRUE(kinds.empty());
  limits.greeted(wire("10.3.0.1", "10.0.0.1"));
  EXPECT_EQ(complaints("per_client"), 1U);
  EXPECT_EQ(complaints("incoming"), 0U);
  limits.greeted(wire("10.2.0.1", "10.0.0.1"));
  EXPECT_EQ(complaints("per_client"), 1U);
  EXPECT_EQ(complaints("incoming"), 1U);
}

TEST_F(LimitsTest, WhatTheHostOpensIsCountedUntilItSaysQuit) {
  limits.set(host, {.per_destination = 2});
  const auto first = wire("10.0.0.1", "10.1.0.1");
  limits.spoke(first);
  limits.spoke(wire("10.0.0.1", "10.1.0.1"));
  limits.left(first);
  limits.ended(first);
  limits.spoke(wire("10.0.0.1", "10.1.0.1"));
  EXPECT_EQ(complaints("per_destination"), 0U);
  limits.spoke(wire("10.0.0.1", "10.1.0.1"));
  EXPECT_EQ(complaints("per_destination"), 1U);
}

TEST_F(LimitsTest, MessagesAreUnderWayUntilTheirAnswerIsHeard) {
  limits.set(host, {.outgoing = 2});
  const auto first = wire("10.0.0.1", "10.1.0.1"), second = wire("10.0.0.1", "10.1.0.2");
  limits.sent(first);
  limits.sent(second);
  limits.heard(first);
  limits.sent(first);
  limits.ended(second);
  limits.sent(wire("10.0.0.1", "10.1.0.3"));
  EXPECT_EQ(complaints("outgoing"), 0U);
  limits.sent(wire("10.0.0.1", "10.1.0.4"));
  EXPECT_EQ(complaints("outgoing"), 1U);
}

TEST_F(LimitsTest, MessagesOfOneConnection) {
  limits.set(host, {.messages_per_connection = 2});
  const auto one = wire("10.0.0.1", "10.1.0.1");
  for (int i = 0; i < 3; ++i) limits.sent(one);
  EXPECT_EQ(complaints("messages_per_connection"), 1U);
}

TEST_F(LimitsTest, WhatIsTooLargeOrForTooManyIsNotTaken) {
  limits.set(host, {.recipients = 2, .message_size = 1000});
  const auto one = wire("10.2.0.1", "10.0.0.1");
  limits.promised(one, 2, 1000, world.now());
  EXPECT_TRUE(kinds.empty());
  limits.promised(one, 3, 1001, world.now());
  EXPECT_EQ(complaints("recipients"), 1U);
  EXPECT_EQ(complaints("message_size"), 1U);
}

TEST_F(LimitsTest, AStrangersMessagesOfAMinute) {
  limits.set(host, {.messages_per_minute = 1, .trusted = *base::IpNetwork::parse("10.2.0.0/16")});
  const auto stranger = wire("10.3.0.1", "10.0.0.1"), friendly = wire("10.2.0.1", "10.0.0.1");
  for (int i = 0; i < 9; ++i) limits.promised(friendly, 1, 1, world.now());
  for (int i = 0; i < 2; ++i) limits.promised(stranger, 1, 1, world.now() + seconds(1));
  EXPECT_TRUE(kinds.empty());
  limits.promised(stranger, 1, 1, world.now() + seconds(60));
  EXPECT_EQ(complaints("rate"), 1U);
  limits.began_anew(host);
  limits.promised(stranger, 1, 1, world.now() + seconds(60));
  limits.promised(stranger, 1, 1, world.now() + seconds(60));
  EXPECT_EQ(complaints("rate"), 1U);
}

}  // namespace
}  // namespace godwit::sim
