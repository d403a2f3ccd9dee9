// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/account_breaker.hpp"

#include <gmock/gmock.h>

namespace godwit::policy {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string alice = "alice@example.com";

class Breaker : public ::testing::Test {
 protected:
  Breaker() {
    breaker_.on_stop([this](const StoppedAccount& account) { told_.push_back(account); });
  }
  // So many recipients, each another; how many were taken.
  int send(int count, const std::string& account = alice) {
    int taken = 0;
    for (int i = 0; i < count; ++i)
      if (breaker_.recipient(account, "r" + std::to_string(i) + "@example.net", now_)) ++taken;
    return taken;
  }
  void later(base::Duration wait) { now_ += wait; }

  base::WallTime now_ = base::WallTime(1'700'000'000s);
  AccountBreaker breaker_{{.recipients = 1000, .different_recipients = 500, .refused = 50}};
  std::vector<StoppedAccount> told_;
};

TEST_F(Breaker, LetsANewsletterOfASmallClubPass) {
  EXPECT_EQ(send(400), 400);
  later(1h);
  EXPECT_EQ(send(400), 400);
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(Breaker, StopsAnAccountThatSendsAsItNeverDid) {
  const int taken = send(5000);
  EXPECT_GT(taken, 450);  // the count of different ones is an estimate
  EXPECT_LT(taken, 560);
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].name, alice);
  EXPECT_THAT(told_[0].reason, HasSubstr("different recipients in an hour; the most before were 0"));
  EXPECT_TRUE(breaker_.is_stopped(alice));
  later(24h);
  EXPECT_EQ(send(1), 0) << "for ever";
  EXPECT_EQ(send(1, "bob@example.com"), 1) << "nobody else";
  EXPECT_THAT(breaker_.stopped(), ElementsAre(told_[0]));
}

TEST_F(Breaker, ManyMailsToOneAreManyRecipients) {
  int taken = 0;
  for (int i = 0; i < 2000; ++i)
    if (breaker_.recipient(alice, "Monitor@example.net", now_)) ++taken;
  EXPECT_EQ(taken, 1000);
  EXPECT_THAT(told_, ElementsAre(Field(&StoppedAccount::reason, "1001 recipients in an hour; the most before were 0")));
}

TEST_F(Breaker, LearnsWhatABusyHourIsButNotWithinADay) {
  EXPECT_EQ(send(400), 400);
  later(24h);  // it is a quarter past ten in the evening
  EXPECT_EQ(send(1500), 1500) << "five times what was usual";
  EXPECT_THAT(told_, IsEmpty());
  later(1h);
  EXPECT_LE(send(5000), 2000) << "what is sent today counts from tomorrow on";
  EXPECT_THAT(told_, SizeIs(1));
}

TEST_F(Breaker, ClockThatIsSetBackMakesNoHourLonger) {
  EXPECT_EQ(send(400), 400);
  later(-24h);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(send(400), 400);
    later(1h);
  }
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(Breaker, ForgetsSlowlyWhatItLearned) {
  AccountBreaker breaker{{.recipients = 100, .different_recipients = 10'000, .factor = 2}};
  const auto send = [&](int count) {
    int taken = 0;
    for (int i = 0; i < count; ++i)
      if (breaker.recipient(alice, "x@example.net", now_)) ++taken;
    return taken;
  };
  EXPECT_EQ(send(100), 100);
  later(25h);
  EXPECT_EQ(send(200), 200);
  later(25h);
  EXPECT_EQ(send(390), 390);  // twice 200
  later(24h * 61);            // two half-lives: a quarter of 390, twice
  EXPECT_EQ(send(390), 390);  // what was sent the day before is learned as it was
  later(24h * 60);
  EXPECT_LE(send(390), 390);
}

TEST_F(Breaker, ManyRefusedRecipientsStopIt) {
  send(100);
  breaker_.refused(alice, 29, now_);
  EXPECT_THAT(told_, IsEmpty()) << "less than 50";
  send(50);
  breaker_.refused(alice, 30, now_);
  EXPECT_THAT(told_, SizeIs(1));
  EXPECT_THAT(told_[0].reason, HasSubstr("59 recipients refused in an hour, 39 % of all"));
}

TEST_F(Breaker, AnOldListIsNoTheft) {
  send(300);
  breaker_.refused(alice, 80, now_);
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(Breaker, WhoIsReleasedMaySendAsMuchAgain) {
  const int before = send(5000);
  EXPECT_TRUE(breaker_.release(alice, now_));
  EXPECT_FALSE(breaker_.release(alice, now_));
  EXPECT_GT(send(1000), before);
}

TEST_F(Breaker, WhoseMailWasThrownAwayTeachesNothing) {
  const int before = send(5000);
  EXPECT_TRUE(breaker_.mark_purged(alice));
  EXPECT_TRUE(breaker_.is_stopped(alice));
  EXPECT_TRUE(breaker_.release(alice, now_));
  EXPECT_EQ(send(5000), before);
  EXPECT_FALSE(breaker_.mark_purged("nobody@example.com"));
  EXPECT_TRUE(breaker_.mark_purged(alice));
  later(25h);
  EXPECT_TRUE(breaker_.release(alice, now_));
  EXPECT_EQ(send(5000), before) << "nor the day after";
}

TEST_F(Breaker, SomeAreExempt) {
  breaker_.change_settings({.exempt = {alice}});
  EXPECT_EQ(send(5000), 5000);
  breaker_.change_settings({.enabled = false});
  EXPECT_EQ(send(5000, "bob@example.com"), 5000);
}

TEST_F(Breaker, SurvivesARestart) {
  send(5000);
  send(300, "bob@example.com");
  AccountBreaker next{{.recipients = 100, .different_recipients = 100}};
  const auto text = breaker_.encode(1 << 20);
  next.decode(text + "known x y\nstopped 1\nknown 1 2 3 4 \n\nrubbish");
  EXPECT_EQ(next.stopped(), breaker_.stopped());
  // What bob did today is known, five times as much is allowed.
  later(25h);
  int taken = 0;
  for (int i = 0; i < 3000; ++i)
    if (next.recipient("bob@example.com", "r" + std::to_string(i) + "@example.net", now_)) ++taken;
  EXPECT_GT(taken, 100);
}

TEST_F(Breaker, BoundsWhatItRemembers) {
  for (int i = 0; i < 100; ++i) send(1, "account" + std::to_string(i) + "@example.com");
  EXPECT_LE(breaker_.encode(1000).size(), 1000U);
  EXPECT_THAT(breaker_.encode(1000), HasSubstr("account99@"));
}

}  // namespace
}  // namespace godwit::policy
