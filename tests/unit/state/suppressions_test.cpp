// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/suppressions.hpp"

#include <filesystem>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "support/manual_clock.hpp"

namespace godwit::state {
namespace {

class SuppressionsTest : public ::testing::Test {
 protected:
  SuppressionsTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "godwit-suppressions-XXXXXX").string();
    settings_.directory = ::mkdtemp(folder.data());
    settings_.suppression.time = std::chrono::hours(24);
    settings_.suppression.entries = 3;
  }
  ~SuppressionsTest() override { std::filesystem::remove_all(settings_.directory); }

  std::unique_ptr<Suppressions> opened() {
    auto list = std::make_unique<Suppressions>(settings_, context_.get_executor(), clock_, log::null_logger());
    EXPECT_TRUE(list->open());
    return list;
  }
  base::Result<> save(const std::unique_ptr<Suppressions>& list) {
    auto task = list->saved();
    auto saving = boost::asio::co_spawn(context_, std::move(task), boost::asio::use_future);
    context_.restart();
    context_.run();
    return saving.get();
  }

  Settings settings_;
  boost::asio::io_context context_;
  testing::ManualClock clock_;
};

TEST_F(SuppressionsTest, WhatIsAddedIsFoundInAnyCaseUntilItExpires) {
  auto list = opened();
  EXPECT_FALSE(list->find("a@x.example"));
  ASSERT_TRUE(list->add({.address = "A@x.example", .klass = "bad_mailbox", .reason = "550 no", .source = "bounce"}));
  const auto found = list->find("a@X.example");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address, "a@x.example");
  EXPECT_EQ(found->expires, clock_.wall() + std::chrono::hours(24));
  clock_.now += std::chrono::hours(24);
  EXPECT_FALSE(list->find("a@x.example"));
  EXPECT_TRUE(list->list(10, "").empty());
}

TEST_F(SuppressionsTest, ItSurvivesARestartAndSoDoesARemoval) {
  auto first = opened();
  ASSERT_TRUE(
      first->add({.address = "a@x.example", .klass = "bad_mailbox", .reason = "it's gone", .source = "bounce"}));
  ASSERT_TRUE(first->add({.address = "b@x.example", .klass = "manual", .reason = "", .source = "administrator"}));
  ASSERT_TRUE(save(first));
  auto second = opened();
  EXPECT_EQ(second->list(10, ""), first->list(10, ""));
  ASSERT_TRUE(second->remove("A@x.example"));
  EXPECT_EQ(second->remove("a@x.example").error().kind, base::ErrorKind::not_found);
  ASSERT_TRUE(save(second));
  EXPECT_FALSE(opened()->find("a@x.example"));
  EXPECT_TRUE(opened()->find("b@x.example"));
}

TEST_F(SuppressionsTest, ItIsListedPageByPage) {
  auto list = opened();
  for (const auto* address : {"c@x.example", "a@x.example", "b@x.example"})
    ASSERT_TRUE(list->add({.address = address}));
  const auto page = list->list(2, "");
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[1].address, "b@x.example");
  ASSERT_EQ(list->list(2, page[1].address).size(), 1U);
}

TEST_F(SuppressionsTest, ItIsBoundedAndMakesRoomFromWhatHasExpired) {
  auto list = opened();
  for (const auto* address : {"a@x.example", "b@x.example", "c@x.example"})
    ASSERT_TRUE(list->add({.address = address}));
  EXPECT_EQ(list->add({.address = "d@x.example"}).error().kind, base::ErrorKind::exhausted);
  EXPECT_TRUE(list->add({.address = "a@x.example", .reason = "again"}));
  clock_.now += std::chrono::hours(25);
  EXPECT_TRUE(list->add({.address = "d@x.example"}));
  ASSERT_TRUE(save(list));
  EXPECT_EQ(opened()->list(10, "").size(), 1U);
}

TEST_F(SuppressionsTest, WordsOfHostsAreMadeHarmless) {
  auto list = opened();
  ASSERT_TRUE(list->add({.address = "a@x.example", .reason = "550 \x1B[2J" + std::string(1000, 'x')}));
  const auto reason = list->find("a@x.example")->reason;
  EXPECT_EQ(reason.find('\x1B'), std::string::npos);
  EXPECT_LT(reason.size(), 350U);
}

TEST_F(SuppressionsTest, WhatCannotBeWrittenCountsAndIsWrittenLater) {
  auto list = opened();
  std::filesystem::remove_all(settings_.directory);
  {
    std::FILE* file = std::fopen(settings_.directory.c_str(), "w");
    std::fclose(file);
  }
  ASSERT_TRUE(list->add({.address = "a@x.example"}));
  EXPECT_FALSE(save(list));
  EXPECT_TRUE(list->find("a@x.example"));
  std::filesystem::remove(settings_.directory);
  ASSERT_TRUE(save(list));
  EXPECT_TRUE(opened()->find("a@x.example"));
}

}  // namespace
}  // namespace godwit::state
