// SPDX-License-Identifier: Apache-2.0
// Messages, from commit to done, and who else may use the spool.
#include "unit/spool/spool_fixture.hpp"

#include <sys/resource.h>

#include <atomic>

#include <boost/asio/steady_timer.hpp>

namespace godwit::spool {
namespace {

TEST_F(SpoolTest, InlineAndLargeMessagesComeBackAfterARestart) {
  ASSERT_TRUE(open());
  const auto small = put(lines(3000));
  const auto large = put(lines(300'000));
  ASSERT_TRUE(small);
  ASSERT_TRUE(large);
  EXPECT_EQ(files("large"), 1U);
  close();
  ASSERT_TRUE(open());
  const auto stored = run(spool_->read(*small));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->envelope, envelope());
  EXPECT_EQ(stored->body->view(), lines(3000));
  const auto stored_large = run(spool_->read(*large));
  ASSERT_TRUE(stored_large);
  EXPECT_FALSE(stored_large->body->view());
  EXPECT_EQ(run(read_all(stored_large->body)), lines(300'000));
  EXPECT_EQ(spool_->statistics().messages, 2U);
}

TEST_F(SpoolTest, DoneMessageIsGoneWithItsLargeBody) {
  ASSERT_TRUE(open());
  const auto large = put(lines(300'000));
  ASSERT_TRUE(large);
  spool_->update(*large, delivered());
  ASSERT_TRUE(put("x\r\n"));  // written after the update
  EXPECT_EQ(run(spool_->read(*large)).error().kind, base::ErrorKind::not_found);
  close();
  ASSERT_TRUE(open());
  EXPECT_EQ(spool_->statistics().messages, 1U);
  EXPECT_EQ(files("large"), 0U);
}

TEST_F(SpoolTest, FullBelowMinFree) {
  settings_.min_free = ~std::uint64_t{0};
  ASSERT_TRUE(open());
  EXPECT_EQ(refusal("a\r\n"), Refused::Why::full);
}

TEST_F(SpoolTest, ASecondDaemonIsRefused) {
  ASSERT_TRUE(open());
  auto second = run(opening());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, base::ErrorKind::refused);
  EXPECT_THAT(second.error().message, ::testing::HasSubstr("another daemon uses the spool"));
}

TEST_F(SpoolTest, NoticesComeOnceForEachMessage) {
  ASSERT_TRUE(open());
  std::atomic<int> notices = 0;
  spool_->on_committed([&](std::shared_ptr<const StoredMessage> message) {
    EXPECT_TRUE(message->body->view());
    ++notices;
  });
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(put("a\r\n"));
  close();
  EXPECT_EQ(notices, 5);
}

TEST_F(SpoolTest, NothingIsTakenAfterStop) {
  ASSERT_TRUE(open());
  boost::asio::co_spawn(callers_, spool_->stop(), boost::asio::use_future).get();
  EXPECT_EQ(refusal("a\r\n"), Refused::Why::unhealthy);
}

// Records wait for a disk that is slow: whoever comes then is told to come again, before he sends anything.
TEST_F(SpoolTest, BackPressureWhenTheDiskDoesNotKeepUp) {
  settings_.memory = 100'000;
  ASSERT_TRUE(open());
  std::promise<void> go_on;
  boost::asio::post(committer_, [blocked = go_on.get_future().share()] { blocked.wait(); });
  std::vector<std::future<Accepted<base::MessageId>>> waiting;
  for (int i = 0; i < 10; ++i)
    waiting.push_back(boost::asio::co_spawn(callers_, put(*spool_, lines(9000), envelope()), boost::asio::use_future));
  std::optional<Refused::Why> why;
  while (!why) {
    const auto begun = spool_->begin(0);
    if (!begun) why = begun.error().why;
  }
  EXPECT_EQ(why, Refused::Why::back_pressure);
  go_on.set_value();
  std::size_t accepted = 0;
  for (auto& one : waiting) accepted += one.get() ? 1 : 0;
  EXPECT_GE(accepted, 4U);
  EXPECT_TRUE(spool_->begin(0));
}

// Else compaction or a scrub that has to wait just then would throw, and the spool could not be stopped any more.
TEST_F(SpoolTest, ItCanPauseWhereNoDescriptorIsLeft) {
  ASSERT_TRUE(open());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_NO_THROW(boost::asio::steady_timer(pool_.get_executor(), std::chrono::milliseconds(1)).wait());
  ::setrlimit(RLIMIT_NOFILE, &before);
}

// Four threads of senders, updates beside them; segments roll, empty and recycle.
TEST_F(SpoolTest, ParallelSendersShareSyncs) {
  ASSERT_TRUE(open());
  std::vector<std::future<int>> senders;
  auto sender = [](Spool& spool, int count) -> boost::asio::awaitable<int> {
    int accepted = 0;
    for (int i = 0; i < count; ++i) {
      auto task = put(spool, lines(4000), envelope());
      auto id = co_await std::move(task);
      if (!id) continue;
      ++accepted;
      auto stored = co_await spool.read(*id);
      if (!stored || stored->body->view() != lines(4000)) co_return -1;
      if (i % 4 != 0) spool.update(*id, delivered());
    }
    co_return accepted;
  };
  for (int i = 0; i < 20; ++i)
    senders.push_back(boost::asio::co_spawn(callers_, sender(*spool_, 50), boost::asio::use_future));
  int accepted = 0;
  for (auto& one : senders) accepted += one.get();
  EXPECT_EQ(accepted, 1000);
  const Statistics statistics = spool_->statistics();
  EXPECT_LT(statistics.syncs, 1000U);
  close();
  ASSERT_TRUE(open());
  EXPECT_EQ(spool_->statistics().messages, 20U * 13U);
  EXPECT_EQ(spool_->statistics().quarantined, 0U);
  int listed = 0;
  const std::vector<Summary::Destination> waiting{{"b.example", 1}};
  auto all = run(spool_->for_each_live(Listing::gentle, [&](const Summary& summary) {
    if (summary.sender == "a@x.example" && summary.waiting == waiting && summary.size == lines(4000).size()) ++listed;
    return true;
  }));
  EXPECT_TRUE(all);
  EXPECT_EQ(listed, 260);
  const auto found = run(spool_->find_live([&](const Summary& summary) { return summary.waiting == waiting; }));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 260U);
  EXPECT_TRUE(std::ranges::is_sorted(*found));
}

}  // namespace
}  // namespace godwit::spool
