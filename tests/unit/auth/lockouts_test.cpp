// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/lockouts.hpp"

#include <gmock/gmock.h>

namespace godwit::auth {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

base::IpAddress ip(std::string_view text) {
  return *base::IpAddress::parse(text);
}

class LockoutsTest : public ::testing::Test {
 protected:
  // True: it locked somebody out.
  bool fail(std::string_view account, std::string_view client, std::uint64_t mark = 0) {
    const auto failure = lockouts.failed(account, ip(client), mark, now);
    return failure.locked_network || failure.locked_account;
  }
  bool locked(std::string_view account, std::string_view client) {
    return lockouts.is_locked(account, ip(client), now);
  }
  std::vector<std::string> listed() {
    std::vector<std::string> names;
    for (const auto& one : lockouts.list(now, 100)) names.push_back(one.name);
    return names;
  }

  LockoutSettings settings{.failures = 3, .account_failures = 5, .window = 10min, .lockout = 15min, .delay = 1s};
  Lockouts lockouts{settings};
  base::WallTime now{std::chrono::hours(24)};
};

TEST_F(LockoutsTest, NetworkIsLockedWhateverItAsksFor) {
  EXPECT_FALSE(fail("a@x", "192.0.2.1"));
  EXPECT_FALSE(fail("b@x", "192.0.2.1"));
  EXPECT_FALSE(locked("c@x", "192.0.2.1"));
  EXPECT_TRUE(fail("c@x", "192.0.2.1"));
  EXPECT_TRUE(locked("d@x", "192.0.2.1"));
  EXPECT_TRUE(locked("", "192.0.2.1"));
  EXPECT_FALSE(locked("d@x", "192.0.2.2"));
  EXPECT_THAT(listed(), ElementsAre(base::to_string(base::client_network(ip("192.0.2.1")))));
}

TEST_F(LockoutsTest, LockOutEnds) {
  for (int i = 0; i < 3; ++i) fail("a@x", "192.0.2.1");
  now += 15min - 1s;
  EXPECT_TRUE(locked("a@x", "192.0.2.1"));
  now += 1s;
  EXPECT_FALSE(locked("a@x", "192.0.2.1"));
  EXPECT_THAT(listed(), IsEmpty());
  EXPECT_FALSE(fail("a@x", "192.0.2.1")) << "it counts anew";
}

TEST_F(LockoutsTest, ClockThatIsSetBackLocksNobodyOutForLonger) {
  for (int i = 0; i < 3; ++i) fail("a@x", "192.0.2.1");
  fail("b@x", "192.0.2.129");
  now -= 12h;
  EXPECT_FALSE(locked("a@x", "192.0.2.1"));
  EXPECT_THAT(listed(), IsEmpty());
  EXPECT_EQ(lockouts.encode(now, 1000), "");
  EXPECT_FALSE(fail("b@x", "192.0.2.129"));
  now += 9min;
  EXPECT_FALSE(fail("b@x", "192.0.2.129"));
  EXPECT_TRUE(fail("b@x", "192.0.2.129")) << "three within ten minutes";
}

TEST_F(LockoutsTest, FailuresOutsideTheWindowAreForgotten) {
  fail("a@x", "192.0.2.1");
  fail("a@x", "192.0.2.1");
  now += 10min + 1s;
  EXPECT_FALSE(fail("a@x", "192.0.2.1"));
}

TEST_F(LockoutsTest, SameWrongPasswordCountsOnce) {
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(fail("a@x", "192.0.2.1", 42));
  fail("a@x", "192.0.2.1", 43);
  EXPECT_TRUE(fail("a@x", "192.0.2.1", 42));
}

TEST_F(LockoutsTest, NetworkOfIpv6IsItsSlash64) {
  for (const char* client : {"2001:db8::1", "2001:db8::2", "2001:db8::3"}) fail("a@x", client);
  EXPECT_TRUE(locked("a@x", "2001:db8::ffff"));
  EXPECT_FALSE(locked("a@x", "2001:db8:0:1::1"));
}

TEST_F(LockoutsTest, AccountIsLockedForStrangersOnly) {
  lockouts.succeeded("alice@x", ip("198.51.100.1"));
  for (int i = 0; i < 5; ++i) fail("alice@x", "192.0.2." + std::to_string(i));
  EXPECT_TRUE(locked("alice@x", "203.0.113.1"));
  EXPECT_FALSE(locked("alice@x", "198.51.100.1")) << "she has logged in from there";
  EXPECT_FALSE(locked("bob@x", "203.0.113.1"));
  EXPECT_THAT(listed(), ElementsAre("alice@x"));
}

TEST_F(LockoutsTest, FailuresFromHomeDoNotLockTheAccount) {
  for (int i = 0; i < 10; ++i) {
    const std::string home = "198.51.100." + std::to_string(i);
    lockouts.succeeded("alice@x", ip(home));
    fail("alice@x", home);
  }
  EXPECT_FALSE(locked("alice@x", "203.0.113.1"));
}

TEST_F(LockoutsTest, AnswersBecomeSlowerUpToABound) {
  std::vector<base::Duration> delays;
  for (int i = 0; i < 6; ++i) delays.push_back(lockouts.failed("a@x", ip("192.0.2.1"), 0, now).delay);
  EXPECT_THAT(delays, ElementsAre(1s, 2s, 4s, 8s, 8s, 8s));
}

TEST_F(LockoutsTest, ExemptNetworksAreSlowedButNeverLocked) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(lockouts.failed("a@x", ip("127.0.0.1"), 0, now).delay, 1s);
  EXPECT_FALSE(locked("a@x", "127.0.0.1"));
  EXPECT_FALSE(locked("a@x", "::1"));
  EXPECT_THAT(listed(), IsEmpty());
}

TEST_F(LockoutsTest, ZeroLocksNobodyOut) {
  settings.failures = settings.account_failures = 0;
  lockouts.change_settings(settings);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(fail("a@x", "192.0.2.1"));
}

TEST_F(LockoutsTest, SurviveARestart) {
  lockouts.succeeded("a@x", ip("198.51.100.7"));
  for (int i = 0; i < 3; ++i) fail("b@x", "192.0.2.1");
  for (int i = 0; i < 3; ++i) fail("c@x", "2001:db8::1");
  for (int i = 0; i < 5; ++i) fail("a@x", "203.0.113." + std::to_string(i));
  ASSERT_EQ(listed().size(), 3U);
  const auto text = lockouts.encode(now, 1 << 20);
  Lockouts next{settings};
  next.decode(text + "locked 1 2\nlocked x 1 y\nhome 192.0.2.1\nhome 1 \nrubbish\n\n");
  const auto all = next.list(now, 100);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(next.list(now, 1).back().name, all[0].name);
  EXPECT_EQ(next.list(now, 1, all[0].name).back().name, all[1].name) << "the next page";
  EXPECT_TRUE(next.list(now, 1, all[2].name).empty());
  EXPECT_TRUE(next.is_locked("", ip("192.0.2.1"), now));
  EXPECT_TRUE(next.is_locked("", ip("2001:db8::2"), now));
  EXPECT_TRUE(next.is_locked("a@x", ip("203.0.113.99"), now));
  EXPECT_FALSE(next.is_locked("a@x", ip("198.51.100.7"), now)) << "its owner is not kept out";
  EXPECT_FALSE(next.is_locked("", ip("192.0.2.1"), now + 16min));
  EXPECT_EQ(lockouts.encode(now + 16min, 1 << 20).find("locked"), std::string::npos);
  EXPECT_LE(lockouts.encode(now, 60).size(), 60U);
}

TEST_F(LockoutsTest, UnlockForgetsWhatWasCounted) {
  for (int i = 0; i < 3; ++i) fail("a@x", "192.0.2.1");
  EXPECT_TRUE(lockouts.unlock("192.0.2.1", now));
  EXPECT_FALSE(locked("a@x", "192.0.2.1"));
  EXPECT_FALSE(lockouts.unlock("192.0.2.1", now));
  EXPECT_FALSE(fail("a@x", "192.0.2.1"));
  for (int i = 0; i < 5; ++i) fail("b@x", "203.0.113." + std::to_string(i));
  EXPECT_TRUE(lockouts.unlock("b@x", now));
  EXPECT_FALSE(locked("b@x", "198.51.100.1"));
}

}  // namespace
}  // namespace godwit::auth
