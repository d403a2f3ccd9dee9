// SPDX-License-Identifier: Apache-2.0
#include "log/line_queue.hpp"

#include <atomic>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace godwit::log {
namespace {

TEST(LineQueue, LinesThatWaitComeTogetherInOrder) {
  LineQueue queue;
  for (const char* text : {"one", "two", "three"}) queue.put({.level = Level::info, .text = text});
  const auto batch = queue.next();
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->lines.size(), 3U);
  EXPECT_EQ(batch->lines.front().text, "one");
  EXPECT_EQ(batch->lines.back().text, "three");
  EXPECT_EQ(batch->lost, 0U);
}

TEST(LineQueue, TheOldestIsPushedOutAndCountedOnce) {
  LineQueue queue;
  for (std::size_t i = 0; i < LineQueue::most_lines + 2; ++i)
    queue.put({.level = Level::info, .text = std::to_string(i)});
  const auto batch = queue.next();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->lines.size(), LineQueue::most_lines);
  EXPECT_EQ(batch->lines.front().text, "2");
  EXPECT_EQ(batch->lost, 2U);
  queue.put({.level = Level::info, .text = "next"});
  EXPECT_EQ(queue.next()->lost, 0U);
}

TEST(LineQueue, AfterCloseTheLastLinesAreTakenThenItEnds) {
  LineQueue queue;
  queue.put({.level = Level::info, .text = "last"});
  queue.close();
  EXPECT_TRUE(queue.next());
  EXPECT_FALSE(queue.next());
}

TEST(LineQueue, AWriterThatSleepsIsWokenByALine) {
  LineQueue queue;
  std::size_t taken = 0;
  {
    std::jthread writer([&] {
      while (const auto batch = queue.next()) taken += batch->lines.size();
    });
    for (int i = 0; i < 100; ++i) {
      queue.put({.level = Level::info, .text = "line"});
      queue.flush();  // so that it sleeps again
    }
    queue.close();
  }
  EXPECT_EQ(taken, 100U);
}

TEST(LineQueue, FlushWaitsUntilTheBatchIsWritten) {
  LineQueue queue;
  queue.put({.level = Level::info, .text = "line"});
  std::atomic<bool> written = false;
  std::jthread writer([&] {
    ASSERT_TRUE(queue.next());
    written = true;
    EXPECT_FALSE(queue.next());
  });
  queue.flush();
  EXPECT_TRUE(written);
  queue.close();
}

}  // namespace
}  // namespace godwit::log
