// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/callouts.hpp"

#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/base/random.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::policy {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Known = lookup::Answer::Kind;

deliver::Outcome taken() {
  deliver::Outcome outcome;
  outcome.kind = deliver::Outcome::Kind::delivered;
  outcome.stage = smtp::Stage::rcpt;
  return outcome;
}

deliver::Outcome refused(int code, smtp::EnhancedCode enhanced, smtp::Stage stage = smtp::Stage::rcpt) {
  deliver::Outcome outcome;
  outcome.kind = code >= 500 ? deliver::Outcome::Kind::failed : deliver::Outcome::Kind::deferred;
  outcome.stage = stage;
  outcome.reply = smtp::make_reply(code, enhanced, "no");
  outcome.relay = "mx.example[192.0.2.1]:25";
  return outcome;
}

class CalloutsTest : public ::testing::Test {
 protected:
  CalloutsTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "godwit-callouts-XXXXXX").string();
    state_.directory = ::mkdtemp(folder.data());
    answers_ = std::make_unique<state::RecipientAnswers>(state_, io_.get_executor(), clock_, log::null_logger());
    make();
  }
  ~CalloutsTest() override { std::filesystem::remove_all(state_.directory); }

  void make() {
    auto inquire = [this](std::string domain, std::vector<smtp::Mailbox> recipients) {
      return answer(std::move(domain), std::move(recipients));
    };
    callouts_ = std::make_shared<Callouts>(settings_, Callouts::Parts{.home = io_.get_executor(),
                                                                      .deadlines = deadlines_,
                                                                      .answers = *answers_,
                                                                      .inquire = std::move(inquire),
                                                                      .clock = clock_,
                                                                      .random = random_,
                                                                      .log = log::null_logger()});
  }

  // The next hop: what is prepared for an address, or for all others.
  boost::asio::awaitable<deliver::Outcomes> answer(std::string domain, std::vector<smtp::Mailbox> recipients) {
    if (hangs_) {
      boost::asio::steady_timer timer(io_, std::chrono::steady_clock::time_point::max());
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    deliver::Outcomes outcomes;
    for (const auto& recipient : recipients) {
      asked_.push_back(smtp::to_string(recipient));
      const auto found = outcomes_.find(asked_.back());
      outcomes.push_back(found == outcomes_.end() ? others_ : found->second);
    }
    EXPECT_EQ(domain, "backup.example");
    co_return outcomes;
  }

  // As route/ asks.
  lookup::Answer ask(const std::string& address) {
    if (auto known = callouts_->recall(address)) return *known;
    return testing::run_awaitable(io_, callouts_->ask(address));
  }
  Known kind(const std::string& address) { return ask(address).kind; }

  boost::asio::io_context io_;
  testing::ManualClock clock_;
  net::Deadlines deadlines_{clock_};
  base::SystemRandom random_;
  state::Settings state_;
  CalloutSettings settings_;
  std::unique_ptr<state::RecipientAnswers> answers_;
  std::map<std::string, deliver::Outcome> outcomes_{{"a@backup.example", taken()}};
  deliver::Outcome others_ = refused(550, {5, 1, 1});
  bool hangs_ = false;
  std::vector<std::string> asked_;
  std::shared_ptr<Callouts> callouts_;
};

TEST_F(CalloutsTest, WhatTheNextHopSaysIsRemembered) {
  EXPECT_EQ(kind("a@backup.example"), Known::present);
  EXPECT_THAT(asked_, ElementsAre("a@backup.example", StartsWith("godwit-")));
  EXPECT_EQ(kind("b@backup.example"), Known::absent);
  asked_.clear();
  EXPECT_EQ(kind("a@backup.example"), Known::present);
  EXPECT_EQ(kind("b@backup.example"), Known::absent);
  EXPECT_THAT(asked_, IsEmpty());
  clock_.now += 1h;
  EXPECT_EQ(kind("b@backup.example"), Known::absent);
  EXPECT_THAT(asked_, ElementsAre("b@backup.example")) << "asked again, and whether it takes all is known";
}

TEST_F(CalloutsTest, AHostThatTakesEverythingIsAskedOnce) {
  others_ = taken();
  EXPECT_EQ(kind("x@backup.example"), Known::present);
  EXPECT_THAT(asked_, SizeIs(2));
  EXPECT_EQ(kind("y@Backup.Example"), Known::present);
  EXPECT_THAT(asked_, SizeIs(2));
  clock_.now += state_.callout.present;
  others_ = refused(550, {5, 1, 1});
  EXPECT_EQ(kind("y@backup.example"), Known::absent) << "it no longer does";
}

TEST_F(CalloutsTest, WhatIsNoAnswerToRcptSaysNothingOfTheRecipient) {
  const auto why = [&](deliver::Outcome outcome) {
    others_ = std::move(outcome);
    clock_.now += Callouts::rest;
    const auto answer = ask("b@backup.example");
    EXPECT_EQ(answer.kind, Known::unavailable);
    return answer.reason;
  };
  EXPECT_THAT(why(refused(550, {5, 7, 1}, smtp::Stage::mail)), HasSubstr("mx.example[192.0.2.1]:25 says: 550 5.7.1"));
  EXPECT_THAT(why(refused(451, {4, 4, 1}, smtp::Stage::connect)), HasSubstr("451 4.4.1"));
  EXPECT_THAT(why(refused(450, {4, 7, 1})), HasSubstr("450 4.7.1"));
}

TEST_F(CalloutsTest, AFullMailboxIsThere) {
  outcomes_["b@backup.example"] = refused(452, {4, 2, 2});
  EXPECT_EQ(kind("b@backup.example"), Known::present);
}

TEST_F(CalloutsTest, AHostThatFailsIsLeftAloneForAMoment) {
  others_ = refused(451, {4, 4, 1}, smtp::Stage::connect);
  EXPECT_EQ(kind("b@backup.example"), Known::unavailable);
  asked_.clear();
  EXPECT_EQ(kind("c@backup.example"), Known::unavailable);
  EXPECT_THAT(asked_, IsEmpty());
  clock_.now += Callouts::rest;
  EXPECT_EQ(kind("a@backup.example"), Known::present);
  others_ = refused(450, {4, 7, 1});  // greylisted
  EXPECT_EQ(kind("b@backup.example"), Known::unavailable);
  EXPECT_EQ(kind("c@backup.example"), Known::unavailable);
  EXPECT_THAT(asked_, Contains("c@backup.example")) << "that was about one recipient";
}

TEST_F(CalloutsTest, WhileItCannotBeAskedWhoWasThereIsThere) {
  EXPECT_EQ(kind("a@backup.example"), Known::present);
  clock_.now += state_.callout.present;
  outcomes_.clear();
  others_ = refused(451, {4, 4, 1}, smtp::Stage::connect);
  EXPECT_EQ(kind("a@backup.example"), Known::present);
  EXPECT_EQ(kind("b@backup.example"), Known::unavailable);
  settings_.on_failure = CalloutSettings::Failure::accept;
  callouts_->change_settings(settings_);
  EXPECT_EQ(kind("b@backup.example"), Known::present);
  EXPECT_FALSE(answers_->recall("b@backup.example")) << "nobody has said so";
}

TEST_F(CalloutsTest, AHostThatHangsHoldsSoManyAndNobodyWaitsForIt) {
  hangs_ = true;
  settings_.connections = 1;
  make();
  std::optional<lookup::Answer> said;
  auto asking = [](Callouts& callouts, std::optional<lookup::Answer>& answer) -> boost::asio::awaitable<void> {
    auto task = callouts.ask("a@backup.example");
    answer = co_await std::move(task);
  };
  boost::asio::co_spawn(io_, asking(*callouts_, said), boost::asio::detached);
  io_.poll();
  EXPECT_THAT(ask("b@backup.example").reason, HasSubstr("at once"));
  EXPECT_FALSE(said);
  clock_.advance_to(clock_.mono() + settings_.timeout + 1s);
  deadlines_.expire(clock_.mono());
  io_.restart();
  io_.poll();
  ASSERT_TRUE(said);
  EXPECT_EQ(said->reason, "no answer in 10s");
  clock_.now += Callouts::rest;
  EXPECT_THAT(ask("b@backup.example").reason, HasSubstr("at once")) << "the first still hangs";
}

TEST_F(CalloutsTest, WhatIsCutShortByAStopIsNotKnown) {
  EXPECT_EQ(kind("a@backup.example"), Known::present);
  clock_.now += state_.callout.present;
  settings_.on_failure = CalloutSettings::Failure::accept;
  callouts_->change_settings(settings_);
  hangs_ = true;
  std::optional<lookup::Answer> said;
  auto asking = [](Callouts& callouts, std::optional<lookup::Answer>& answer) -> boost::asio::awaitable<void> {
    auto task = callouts.ask("a@backup.example");
    answer = co_await std::move(task);
  };
  io_.restart();
  boost::asio::co_spawn(io_, asking(*callouts_, said), boost::asio::detached);
  io_.poll();
  callouts_->hurry(2s);
  clock_.advance_to(clock_.mono() + 2s);
  deadlines_.expire(clock_.mono());
  io_.restart();
  io_.poll();
  ASSERT_TRUE(said);
  EXPECT_EQ(said->kind, Known::unavailable);
  EXPECT_EQ(said->reason, "no answer before the daemon stops");
}

}  // namespace
}  // namespace godwit::policy
