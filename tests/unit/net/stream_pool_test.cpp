// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/stream_pool.hpp"

#include <optional>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "support/manual_clock.hpp"
#include "support/scripted_stream.hpp"

namespace godwit::net {
namespace {

using testing::ScriptedStream;

class StreamPoolTest : public ::testing::Test {
 protected:
  // A place, once there is one; the error, when there was none.
  struct Wish {
    std::optional<StreamPool::Place> place;
    std::optional<base::Error> error;
  };
  void enter(Wish& wish, base::Duration patience = std::chrono::seconds(10)) {
    auto entering = [](StreamPool& pool, Wish& into, base::MonoTime deadline) -> boost::asio::awaitable<void> {
      auto place = co_await pool.enter(deadline);
      if (place)
        into.place.emplace(std::move(*place));
      else
        into.error = place.error();
    };
    boost::asio::co_spawn(io, entering(*pool, wish, clock.mono() + patience), boost::asio::detached);
    poll();
  }
  void poll() {
    io.restart();
    io.poll();
  }
  void pass(base::Duration time) {
    clock.advance_to(clock.mono() + time);
    deadlines.expire(clock.mono());
    poll();
  }
  std::unique_ptr<Stream> open_stream() {
    auto [ours, theirs] = ScriptedStream::make_pair(io.get_executor());
    peers.push_back(std::move(theirs));
    return std::move(ours);
  }

  boost::asio::io_context io;
  testing::ManualClock clock;
  Deadlines deadlines{clock};
  std::shared_ptr<StreamPool> pool = std::make_shared<StreamPool>(
      io.get_executor(), deadlines,
      StreamPool::Limits{.open = 2, .waiting = 2, .longest_idle = std::chrono::seconds(30)});
  std::vector<std::unique_ptr<ScriptedStream>> peers;
};

TEST_F(StreamPoolTest, NoMorePlacesThanThereAre) {
  Wish first, second, third, fourth, fifth;
  for (auto* wish : {&first, &second, &third, &fourth, &fifth}) enter(*wish);
  EXPECT_TRUE(first.place && second.place);
  EXPECT_FALSE(third.place || fourth.place);
  ASSERT_TRUE(fifth.error);
  EXPECT_EQ(fifth.error->kind, base::ErrorKind::exhausted);
  first.place.reset();
  poll();
  EXPECT_TRUE(third.place) << "who came first";
  EXPECT_FALSE(fourth.place);
  pass(std::chrono::seconds(11));
  ASSERT_TRUE(fourth.error);
  EXPECT_EQ(fourth.error->kind, base::ErrorKind::timed_out);
  second.place.reset();
  third.place.reset();
  Wish sixth, seventh;
  enter(sixth);
  enter(seventh);
  EXPECT_TRUE(sixth.place && seventh.place) << "no place was lost";
}

TEST_F(StreamPoolTest, WhatIsKeptIsUsedAgain) {
  Wish wish;
  enter(wish);
  EXPECT_FALSE(wish.place->take_kept());
  auto stream = open_stream();
  auto* const raw = stream.get();
  wish.place->keep(std::move(stream));
  EXPECT_EQ(wish.place->take_kept().get(), raw);
  EXPECT_FALSE(wish.place->take_kept());
}

TEST_F(StreamPoolTest, WhatIsOldEndedOrTalksUnaskedIsNot) {
  Wish wish;
  enter(wish);
  wish.place->keep(open_stream());
  pass(std::chrono::seconds(31));
  EXPECT_FALSE(wish.place->take_kept());
  wish.place->keep(open_stream());
  peers.back()->shutdown();
  EXPECT_FALSE(wish.place->take_kept());
  wish.place->keep(open_stream());
  static_cast<void>(peers.back()->try_write("action=OK\n\n"));
  EXPECT_FALSE(wish.place->take_kept());
  for (int i = 0; i < 5; ++i) wish.place->keep(open_stream());
  EXPECT_EQ(pool->kept(), 2U);
}

TEST_F(StreamPoolTest, APlaceOutlivesWhoMadeThePool) {
  Wish wish;
  enter(wish);
  pool.reset();
  wish.place->keep(open_stream());
  EXPECT_TRUE(wish.place->take_kept());
}

}  // namespace
}  // namespace godwit::net
