// SPDX-License-Identifier: Apache-2.0
#include "godwit/log/logger.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "godwit/log/recent_lines.hpp"

namespace godwit::log {
namespace {

using ::testing::HasSubstr;

class FixedClock final : public base::Clock {
 public:
  base::WallTime wall() const override { return base::WallTime(std::chrono::days(20000)); }
  base::MonoTime mono() const override { return {}; }
};

class LoggerTest : public ::testing::Test {
 protected:
  LoggerTest() {
    std::string name = (std::filesystem::temp_directory_path() / "godwit_log_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~LoggerTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<FileLogger> open(Settings settings = {}) {
    settings.file = file();
    auto logger = open_logger(settings, clock_);
    EXPECT_TRUE(logger);
    return std::move(*logger);
  }
  std::string file() const { return folder_ / "log"; }
  std::string read(const std::string& name = "log") const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name).rdbuf();
    return text.str();
  }

  FixedClock clock_;
  std::filesystem::path folder_;
};

TEST_F(LoggerTest, FlushReturnsWhenAllIsWritten) {
  const auto logger = open();
  logger->info("listening", {{"address", "[::]:25"}});
  logger->error("failed");
  logger->flush();
  EXPECT_EQ(read(), "2024-10-04T00:00:00.000Z info listening address=[::]:25\n2024-10-04T00:00:00.000Z error failed\n");
}

TEST_F(LoggerTest, RemembersItsLastLines) {
  RecentLines recent;
  const auto logger =
      std::move(*open_logger({.level = Level::info, .format = Format::text, .file = file()}, clock_, recent));
  logger->info("listening", {{"address", "[::]:25"}});
  logger->warn("late");
  logger->flush();
  const auto tail = recent.after(0, Level::warn, 10);
  ASSERT_EQ(tail.lines.size(), 1U);
  EXPECT_EQ(tail.lines[0].text, "2024-10-04T00:00:00.000Z warn late");
  EXPECT_EQ(tail.last, 2U);
}

TEST_F(LoggerTest, RemembersThatLinesWereLost) {
  RecentLines recent;
  std::filesystem::create_symlink("/dev/full", file());
  const auto logger =
      std::move(*open_logger({.level = Level::info, .format = Format::text, .file = file()}, clock_, recent));
  logger->warn("lost");
  logger->flush();
  std::filesystem::remove(file());
  ASSERT_TRUE(logger->reopen());
  logger->warn("kept");
  logger->flush();
  const auto tail = recent.after(0, Level::warn, 10);
  ASSERT_EQ(tail.lines.size(), 3U);
  EXPECT_THAT(tail.lines[2].text, HasSubstr("log_lost count="));
  EXPECT_THAT(read(), HasSubstr(tail.lines[2].text));
}

TEST_F(LoggerTest, FlushOfNothingReturnsAtOnce) {
  open()->flush();
}

TEST_F(LoggerTest, DestructorWritesWhatWaits) {
  {
    const auto logger = open();
    for (int i = 0; i < 1000; ++i) logger->info("attempt", {{"n", i}});
  }
  const auto text = read();
  EXPECT_EQ(std::ranges::count(text, '\n'), 1000);
  EXPECT_TRUE(text.ends_with(" n=999\n"));
}

TEST_F(LoggerTest, LinesBelowTheLevelAreNotWritten) {
  const auto logger = open({.level = Level::warn, .format = Format::text, .file = {}});
  EXPECT_FALSE(logger->enabled(Level::info));
  logger->info("no");
  logger->set_level(Level::debug);
  logger->debug("yes");
  logger->flush();
  EXPECT_EQ(read(), "2024-10-04T00:00:00.000Z debug yes\n");
}

TEST_F(LoggerTest, WritesJson) {
  const auto logger = open({.level = Level::info, .format = Format::json, .file = {}});
  logger->warn("held");
  logger->flush();
  EXPECT_EQ(read(), "{\"time\":\"2024-10-04T00:00:00.000Z\",\"level\":\"warn\",\"event\":\"held\"}\n");
}

TEST_F(LoggerTest, ReopenFollowsRotation) {
  const auto logger = open();
  logger->info("one");
  logger->flush();
  std::filesystem::rename(file(), folder_ / "log.1");
  logger->info("two");
  logger->flush();
  ASSERT_TRUE(logger->reopen());
  logger->info("three");
  logger->flush();
  EXPECT_THAT(read("log.1"), HasSubstr("two"));
  EXPECT_EQ(read(), "2024-10-04T00:00:00.000Z info three\n");
}

TEST_F(LoggerTest, AFailedReopenKeepsTheOldFile) {
  const auto logger = open();
  std::filesystem::rename(file(), folder_ / "log.1");
  std::filesystem::create_directory(file());
  EXPECT_FALSE(logger->reopen());
  logger->info("still");
  logger->flush();
  EXPECT_THAT(read("log.1"), HasSubstr("still"));
}

TEST_F(LoggerTest, AFileThatCannotBeOpenedIsAnError) {
  const auto logger =
      open_logger({.level = Level::info, .format = Format::text, .file = "/no/such/folder/log"}, clock_);
  ASSERT_FALSE(logger);
  EXPECT_THAT(logger.error().message, HasSubstr("/no/such/folder/log"));
}

// However the threads run, each line is either written or counted as lost.
TEST_F(LoggerTest, EveryLineIsWrittenOrReportedLost) {
  constexpr int threads = 4;
  constexpr int lines = 20000;
  {
    const auto logger = open();
    std::vector<std::jthread> writers;
    for (int t = 0; t < threads; ++t)
      writers.emplace_back([&logger] {
        for (int i = 0; i < lines; ++i) logger->info("line");
      });
    writers.clear();
    logger->flush();
  }
  std::istringstream text(read());
  long written = 0;
  long lost = 0;
  for (std::string line; std::getline(text, line);) {
    if (line.ends_with(" info line"))
      ++written;
    else if (const auto at = line.find("log_lost count="); at != std::string::npos)
      lost += std::stol(line.substr(at + 15));
    else
      ADD_FAILURE() << line;
  }
  EXPECT_EQ(written + lost, threads * lines);
}

TEST(NullLogger, IsNeverEnabled) {
  EXPECT_FALSE(null_logger().enabled(Level::error));
}

}  // namespace
}  // namespace godwit::log
