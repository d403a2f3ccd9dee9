// SPDX-License-Identifier: Apache-2.0
#include "deliver/mailbox_turns.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "support/manual_clock.hpp"

namespace godwit::deliver {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MailboxTurnsTest : public ::testing::Test {
 protected:
  // `who` asks for a turn; what came of it is noted.
  void ask(std::string who, std::string mailbox) {
    auto task = turns_.take(std::move(mailbox));
    boost::asio::co_spawn(io_, std::move(task), [this, who = std::move(who)](std::exception_ptr, bool taken) {
      said_.push_back(who + (taken ? " writes" : " is refused"));
    });
    run();
  }
  void done(const std::string& mailbox) {
    turns_.done(mailbox);
    run();
  }
  void pass(base::Duration duration) {
    clock_.advance_to(clock_.now + duration);
    deadlines_.expire(clock_.now);
    run();
  }
  std::vector<std::string> said() { return std::exchange(said_, {}); }

 private:
  void run() {
    io_.restart();
    io_.poll();
  }

  testing::ManualClock clock_;
  net::Deadlines deadlines_{clock_};
  boost::asio::io_context io_;
  std::vector<std::string> said_;
  MailboxTurns turns_{io_.get_executor(), deadlines_};
};

TEST_F(MailboxTurnsTest, OneMailboxIsWrittenByOneAtATimeInTheOrderOfAsking) {
  ask("first", "alice");
  ask("second", "alice");
  ask("third", "alice");
  EXPECT_THAT(said(), ElementsAre("first writes"));
  done("alice");
  EXPECT_THAT(said(), ElementsAre("second writes"));
  done("alice");
  EXPECT_THAT(said(), ElementsAre("third writes"));
  done("alice");
  ask("fourth", "alice");
  EXPECT_THAT(said(), ElementsAre("fourth writes"));
}

TEST_F(MailboxTurnsTest, MailboxesDoNotWaitForEachOther) {
  ask("first", "alice");
  ask("second", "bob");
  EXPECT_THAT(said(), ElementsAre("first writes", "second writes"));
}

TEST_F(MailboxTurnsTest, WhoeverWaitsTooLongBehindAFolderThatHangsIsRefused) {
  ask("hangs", "alice");
  pass(4s);
  ask("early", "alice");
  pass(MailboxTurns::patience - 5s);
  EXPECT_THAT(said(), ElementsAre("hangs writes"));
  pass(1s);
  EXPECT_THAT(said(), ElementsAre("early is refused"));
  ask("late", "alice");
  EXPECT_THAT(said(), ElementsAre("late is refused")) << "at once";
  done("alice");
  EXPECT_THAT(said(), IsEmpty());
  ask("afterwards", "alice");
  EXPECT_THAT(said(), ElementsAre("afterwards writes"));
}

TEST_F(MailboxTurnsTest, PatienceIsWithTheTurnUnderWay) {
  ask("first", "alice");
  pass(6s);
  ask("second", "alice");
  ask("third", "alice");
  done("alice");
  pass(6s);
  EXPECT_THAT(said(), ElementsAre("first writes", "second writes"));
  done("alice");
  EXPECT_THAT(said(), ElementsAre("third writes"));
}

}  // namespace
}  // namespace godwit::deliver
