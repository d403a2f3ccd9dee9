// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/greylist.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <boost/asio/io_context.hpp>

#include "support/event_names.hpp"
#include "support/manual_clock.hpp"

namespace godwit::state {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = Greylist::Answer::Kind;

class GreylistTest : public ::testing::Test {
 protected:
  GreylistTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "godwit-greylist-XXXXXX").string();
    settings_.directory = ::mkdtemp(folder.data());
    start();
  }
  ~GreylistTest() override { std::filesystem::remove_all(settings_.directory); }

  void start() {
    list_ = std::make_unique<Greylist>(settings_, pool_.get_executor(), clock_, log_);
    list_->open();
  }
  // As after an orderly stop.
  void restart() {
    pool_.restart();
    pool_.run();
    start();
  }
  Kind ask(const std::string& group = "192.0.2.0/24", const std::string& attempt = "a@x.example") {
    return list_->ask(group, attempt).kind;
  }
  std::string file() const { return settings_.directory + "/greylist.sqlite"; }

  Settings settings_;
  boost::asio::io_context pool_;
  testing::ManualClock clock_;
  testing::EventNames log_;
  std::unique_ptr<Greylist> list_;
};

TEST_F(GreylistTest, TheSecondAttemptMakesTheGroupKnown) {
  EXPECT_EQ(ask(), Kind::early);
  clock_.now += std::chrono::minutes(4);
  EXPECT_EQ(list_->ask("192.0.2.0/24", "a@x.example").time, std::chrono::minutes(1));
  clock_.now += std::chrono::minutes(1);
  EXPECT_EQ(ask("192.0.2.0/24", "b@x.example"), Kind::early) << "another attempt";
  EXPECT_EQ(ask(), Kind::now_known);
  EXPECT_EQ(ask("192.0.2.0/24", "b@x.example"), Kind::known);
  EXPECT_EQ(ask("192.0.3.0/24"), Kind::early) << "another group";
}

TEST_F(GreylistTest, AttemptsAndGroupsAreForgottenInTime) {
  ask();
  clock_.now += settings_.greylist.window;
  EXPECT_EQ(ask(), Kind::early) << "too late: it begins anew";
  clock_.now += std::chrono::minutes(5);
  EXPECT_EQ(ask(), Kind::now_known);
  clock_.now += settings_.greylist.keep - std::chrono::hours(1);
  EXPECT_EQ(ask(), Kind::known);
  clock_.now += settings_.greylist.keep - std::chrono::hours(1);
  EXPECT_EQ(ask(), Kind::known) << "it was seen meanwhile";
  clock_.now += settings_.greylist.keep;
  EXPECT_EQ(ask(), Kind::early);
}

TEST_F(GreylistTest, ARestartForgetsNothing) {
  ask("192.0.2.0/24");
  clock_.now += std::chrono::minutes(5);
  ask("192.0.2.0/24");
  ask("192.0.3.0/24");
  restart();
  EXPECT_EQ(ask("192.0.2.0/24"), Kind::known);
  clock_.now += std::chrono::minutes(5);
  EXPECT_EQ(ask("192.0.3.0/24"), Kind::now_known);
  restart();
  EXPECT_EQ(list_->waiting(), 0U);
  EXPECT_EQ(list_->known(), 2U);
}

TEST_F(GreylistTest, AFloodOfAttemptsForgetsNobodyWhoIsKnown) {
  settings_.greylist.entries = 100;
  start();
  ask();
  clock_.now += std::chrono::minutes(5);
  ask();
  for (int i = 0; i < 1000; ++i) ask("flood", std::to_string(i));
  EXPECT_EQ(list_->waiting(), 100U);
  EXPECT_EQ(ask("flood", "999"), Kind::early);
  restart();
  EXPECT_EQ(ask(), Kind::known);
  EXPECT_EQ(list_->waiting(), 100U) << "the file is bounded as well";
}

TEST_F(GreylistTest, ADamagedFileIsSetAsideAndBegunAnew) {
  std::ofstream(file()) << std::string(10000, 'x');
  start();
  EXPECT_THAT(log_.names, ElementsAre("greylist_rebuilt"));
  EXPECT_TRUE(std::filesystem::exists(file() + ".damaged"));
  ask();
  restart();
  EXPECT_EQ(list_->waiting(), 1U);
  EXPECT_EQ(log_.names.size(), 1U);
}

TEST_F(GreylistTest, WithoutADiskItWorksFromMemory) {
  std::filesystem::remove_all(settings_.directory);
  std::ofstream(settings_.directory) << "in the way";
  ask();
  pool_.run();
  EXPECT_THAT(log_.names, ElementsAre("greylist_not_saved"));
  clock_.now += std::chrono::minutes(5);
  EXPECT_EQ(ask(), Kind::now_known);
}

TEST_F(GreylistTest, NothingIsWrittenWhereNothingIsAsked) {
  EXPECT_FALSE(std::filesystem::exists(file()));
  EXPECT_THAT(log_.names, IsEmpty());
}

}  // namespace
}  // namespace godwit::state
