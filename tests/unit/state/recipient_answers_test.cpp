// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/recipient_answers.hpp"

#include <filesystem>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "support/manual_clock.hpp"

namespace godwit::state {
namespace {

using namespace std::chrono_literals;

class RecipientAnswersTest : public ::testing::Test {
 protected:
  RecipientAnswersTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "godwit-callouts-XXXXXX").string();
    settings_.directory = ::mkdtemp(folder.data());
    start();
  }
  ~RecipientAnswersTest() override { std::filesystem::remove_all(settings_.directory); }

  void start() {
    answers_ = std::make_unique<RecipientAnswers>(settings_, pool_.get_executor(), clock_, log::null_logger());
    answers_->open();
  }
  // As after an orderly stop.
  void restart() {
    pool_.restart();
    pool_.run();
    start();
  }

  Settings settings_;
  boost::asio::io_context pool_;
  testing::ManualClock clock_;
  std::unique_ptr<RecipientAnswers> answers_;
};

TEST_F(RecipientAnswersTest, CountForTheirTime) {
  EXPECT_FALSE(answers_->recall("a@x.example"));
  answers_->remember("a@x.example", true);
  answers_->remember("b@x.example", false);
  EXPECT_EQ(answers_->recall("a@x.example"), true);
  EXPECT_EQ(answers_->recall("b@x.example"), false);
  clock_.now += 1h;
  EXPECT_FALSE(answers_->recall("b@x.example")) << "somebody may have made it";
  clock_.now += 7 * 24h;
  EXPECT_FALSE(answers_->recall("a@x.example")) << "to be asked again";
  EXPECT_TRUE(answers_->was_there("a@x.example"));
  clock_.now += 24 * 24h;
  EXPECT_FALSE(answers_->was_there("a@x.example"));
}

TEST_F(RecipientAnswersTest, TheLastOneCounts) {
  answers_->remember("a@x.example", true);
  answers_->remember("a@x.example", false);
  EXPECT_EQ(answers_->recall("a@x.example"), false);
  EXPECT_FALSE(answers_->was_there("a@x.example"));
  answers_->remember_domain("x.example", true);
  answers_->remember_domain("x.example", false);
  EXPECT_EQ(answers_->takes_all("x.example"), false);
}

TEST_F(RecipientAnswersTest, ARestartForgetsNothing) {
  answers_->remember("a@x.example", true);
  answers_->remember("b@x.example", false);
  answers_->remember_domain("y.example", true);
  restart();
  EXPECT_EQ(answers_->recall("a@x.example"), true);
  EXPECT_EQ(answers_->recall("b@x.example"), false);
  EXPECT_EQ(answers_->takes_all("y.example"), true);
  EXPECT_FALSE(answers_->takes_all("x.example"));
  clock_.now += 10 * 24h;
  restart();
  EXPECT_FALSE(answers_->recall("a@x.example"));
  EXPECT_TRUE(answers_->was_there("a@x.example")) << "kept for the time when it cannot be asked";
}

TEST_F(RecipientAnswersTest, WhoGuessesMakesNobodyForgotten) {
  settings_.callout.entries = 100;
  start();
  answers_->remember("a@x.example", true);
  for (int i = 0; i < 1000; ++i) answers_->remember(std::to_string(i) + "@x.example", false);
  EXPECT_EQ(answers_->recall("a@x.example"), true);
  EXPECT_FALSE(answers_->recall("1@x.example")) << "made room";
  EXPECT_EQ(answers_->recall("999@x.example"), false);
  restart();
  EXPECT_EQ(answers_->recall("a@x.example"), true);
}

}  // namespace
}  // namespace godwit::state
