// SPDX-License-Identifier: Apache-2.0
// What a body may be, where it lies, and what is put above it.
#include "unit/spool/spool_fixture.hpp"

namespace godwit::spool {
namespace {

TEST_F(SpoolTest, AMessageGetsAnotherBodyUnderItsId) {
  ASSERT_TRUE(open());
  const auto small = lines(2'000), large = lines(900'000);
  for (const auto& [first, second] :
       {std::pair(small, large), {large, small}, {large, large + "x\r\n"}, {small, small + "x\r\n"}}) {
    std::string seen;
    const auto id = run(put_instead(*spool_, first, second, seen));
    ASSERT_TRUE(id);
    EXPECT_EQ(seen, first);
    EXPECT_EQ(stored(*id), "Subject: s\r\n\r\n" + second);
  }
  close();
  ASSERT_TRUE(open());
  EXPECT_EQ(files("large"), 2U);
}

TEST_F(SpoolTest, BodiesThatCouldBeReadInTwoWaysAreRefused) {
  ASSERT_TRUE(open());
  EXPECT_EQ(refusal("a\nb\r\n"), Refused::Why::not_canonical);
  EXPECT_EQ(refusal("a\r\n\r"), Refused::Why::not_canonical);
  auto binary = envelope();
  binary.body = smtp::BodyType::binary_mime;
  EXPECT_TRUE(put("a\nb", binary));
}

TEST_F(SpoolTest, ABodyAboveTheLimitIsRefusedAndLeavesNothing) {
  ASSERT_TRUE(open());
  EXPECT_EQ(refusal(lines(1'100'000)), Refused::Why::too_large);
  EXPECT_EQ(spool_->begin(2U << 20U).error().why, Refused::Why::too_large);
  close();
  EXPECT_EQ(files("large"), 0U);
}

TEST_F(SpoolTest, IncomingThatIsDroppedLeavesNothing) {
  ASSERT_TRUE(open());
  auto task = [](Spool& spool, std::string body) -> boost::asio::awaitable<bool> {
    auto incoming = spool.begin(0);
    auto written = co_await (*incoming)->write(body);
    co_return written.has_value();
  };
  EXPECT_TRUE(run(task(*spool_, lines(200'000))));
  close();
  EXPECT_EQ(files("large"), 0U);
}

// Ten bodies at once and memory for three: the others stream to files, and nobody is refused.
TEST_F(SpoolTest, BodiesWithoutRoomInMemoryGoToFiles) {
  settings_.memory = 100'000;
  ASSERT_TRUE(open());
  auto task = [](Spool& spool) -> boost::asio::awaitable<std::vector<base::MessageId>> {
    std::vector<std::unique_ptr<Incoming>> all;
    std::vector<base::MessageId> ids;
    for (int i = 0; i < 10; ++i) {
      auto incoming = spool.begin(0);
      if (!incoming) co_return ids;
      auto written = co_await (*incoming)->write(lines(30'000));
      if (!written) co_return ids;
      all.push_back(std::move(*incoming));
    }
    for (auto& incoming : all) {
      auto committed = co_await incoming->commit(envelope());
      if (committed) ids.push_back(*committed);
    }
    co_return ids;
  };
  const auto ids = run(task(*spool_));
  EXPECT_EQ(ids.size(), 10U);
  EXPECT_GE(files("large"), 7U);
  for (const base::MessageId id : ids) {
    const auto stored = run(spool_->read(id));
    ASSERT_TRUE(stored);
    EXPECT_EQ(run(read_all(stored->body)), lines(30'000));
  }
}

TEST_F(SpoolTest, WhatIsPutAboveAMessageStaysThere) {
  settings_.segment_size = 1U << 20U;
  ASSERT_TRUE(open());
  const std::string head = "X-Verdict: known only at the end\r\n";
  const auto small = run(put(*spool_, lines(3000), envelope(), head)).value();
  const auto large = run(put(*spool_, lines(300'000), envelope(), head)).value();
  const auto whole = [&] {
    EXPECT_EQ(stored(small), head + lines(3000));
    EXPECT_EQ(stored(large), head + lines(300'000));
  };
  whole();
  close();
  ASSERT_TRUE(open());
  whole();
  for (int i = 0; i < 400 && spool_->statistics().copies < 2; ++i) {
    spool_->update(put(lines(60'000)).value(), delivered());
    ASSERT_TRUE(run(spool_->sync()));
  }
  EXPECT_GE(spool_->statistics().copies, 2U) << "compaction moved them";
  whole();
  close();
  ASSERT_TRUE(open());
  whole();
}

TEST_F(SpoolTest, WhatIsPutAboveAMessageMustBeLines) {
  ASSERT_TRUE(open());
  const auto refused = run(put(*spool_, lines(100), envelope(), "no end of line"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, Refused::Why::not_canonical);
}

}  // namespace
}  // namespace godwit::spool
