// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/submission_keys.hpp"

#include <filesystem>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <boost/asio/io_context.hpp>

#include "support/event_names.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::state {
namespace {

class SubmissionKeysTest : public ::testing::Test {
 protected:
  using Key = SubmissionKeys::Key;

  SubmissionKeysTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "godwit-keys-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
    restart();
  }
  ~SubmissionKeysTest() override { std::filesystem::remove_all(folder_); }

  void restart() { keys_ = std::make_unique<SubmissionKeys>(folder_, io_.get_executor(), clock_, log_, bounds_); }
  std::optional<SubmissionKeys::Kept> find(const Key& key) {
    return testing::run_awaitable(io_, keys_->find(key)).value();
  }
  base::Result<> plan(const Key& key, std::uint64_t id, std::string plan = "planned") {
    return testing::run_awaitable(
        io_, keys_->plan(key, {.fingerprint = "f", .id = {id}, .answer = {}, .plan = std::move(plan)}));
  }
  base::Result<> settle(const Key& key, std::string answer) {
    return testing::run_awaitable(io_, keys_->settle(key, std::move(answer)));
  }
  base::Result<> forget(const Key& key) { return testing::run_awaitable(io_, keys_->forget(key)); }

  std::string folder_;
  boost::asio::io_context io_;
  testing::ManualClock clock_;
  testing::EventNames log_;
  SubmissionKeys::Bounds bounds_;
  std::unique_ptr<SubmissionKeys> keys_;
  const Key key_{"token:a", "order-1"};
};

TEST_F(SubmissionKeysTest, WhatIsPlannedAndSettledSurvivesARestart) {
  EXPECT_FALSE(find(key_));
  ASSERT_TRUE(plan(key_, 7));
  restart();
  auto kept = find(key_);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->id.value, 7U);
  EXPECT_EQ(kept->answer, "");
  EXPECT_EQ(kept->plan, "planned");
  ASSERT_TRUE(settle(key_, "answer"));
  restart();
  EXPECT_EQ(find(key_)->answer, "answer");
  EXPECT_EQ(find(key_)->fingerprint, "f");
  EXPECT_FALSE(find({"token:b", "order-1"})) << "another's key is another";
}

TEST_F(SubmissionKeysTest, AreForgottenAfterADayOrWhereNothingCameOfThem) {
  ASSERT_TRUE(plan(key_, 7));
  clock_.now += SubmissionKeys::keep - std::chrono::seconds(1);
  EXPECT_TRUE(find(key_));
  clock_.now += std::chrono::seconds(2);
  EXPECT_FALSE(find(key_));
  ASSERT_TRUE(plan(key_, 8));
  EXPECT_EQ(find(key_)->id.value, 8U);
  ASSERT_TRUE(forget(key_));
  EXPECT_FALSE(find(key_));
}

TEST_F(SubmissionKeysTest, OneIsUsedByOneRequestAtATime) {
  {
    const auto turn = keys_->begin(key_);
    EXPECT_TRUE(turn);
    EXPECT_FALSE(keys_->begin(key_));
    EXPECT_TRUE(keys_->begin({"token:b", "order-1"}));
  }
  EXPECT_TRUE(keys_->begin(key_));
}

TEST_F(SubmissionKeysTest, OneOwnerFillsNoDisk) {
  bounds_ = {.keys = 3, .bytes = 3000};
  restart();
  const std::string large(1000, 'x');
  ASSERT_TRUE(plan({"token:a", "1"}, 1, large));
  ASSERT_TRUE(plan({"token:a", "2"}, 2, large));
  restart();
  const auto refused = plan({"token:a", "3"}, 3, large);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::exhausted);
  EXPECT_TRUE(plan({"token:b", "3"}, 3, large)) << "others have their own room";
  EXPECT_TRUE(plan({"token:a", "2"}, 2, large)) << "a key again takes no more";
  EXPECT_TRUE(plan({"token:a", "3"}, 3, ""));
  EXPECT_FALSE(plan({"token:a", "4"}, 4, ""));
  clock_.now += SubmissionKeys::keep + std::chrono::hours(1);
  EXPECT_TRUE(plan({"token:a", "4"}, 4, large));
}

TEST_F(SubmissionKeysTest, AFileThatIsDamagedIsSetAside) {
  std::ofstream(folder_ + "/submissions.sqlite") << std::string(5000, 'x');
  EXPECT_FALSE(find(key_));
  ASSERT_TRUE(plan(key_, 7));
  EXPECT_TRUE(find(key_));
  EXPECT_EQ(log_.names, std::vector<std::string>{"submission_keys_rebuilt"});
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/submissions.sqlite.damaged"));
}

TEST_F(SubmissionKeysTest, NobodyWaitsForADiskThatHangs) {
  boost::asio::io_context hung;  // nobody runs it yet
  bounds_.patience = std::chrono::milliseconds(1);
  keys_ = std::make_unique<SubmissionKeys>(folder_, hung.get_executor(), clock_, log_, bounds_);
  for (int i = 0; i < 100; ++i) {
    const auto planned = plan({"token:a", std::to_string(i)}, 7);
    ASSERT_FALSE(planned);
    EXPECT_EQ(planned.error().kind, base::ErrorKind::timed_out);
  }
  const auto beyond = testing::run_awaitable(io_, keys_->find(key_));
  ASSERT_FALSE(beyond);
  EXPECT_THAT(beyond.error().message, ::testing::HasSubstr("keep up")) << "work does not pile up";
  hung.run();
  io_.restart();
  io_.poll();  // answers that nobody waits for
  restart();
  EXPECT_EQ(find({"token:a", "99"})->id.value, 7U) << "what was asked is done all the same";
}

}  // namespace
}  // namespace godwit::state
