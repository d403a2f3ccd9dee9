// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "godwit/state/recording_logger.hpp"
#include "unit/state/history_fixture.hpp"

namespace godwit::state {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class HistoryWalked : public HistoryOnSimDisk {
 protected:
  // "accepted 1", in the order in which they came.
  std::vector<std::string> walk(std::size_t most, std::vector<std::string> beside = {}) {
    const auto walk = run(history->walk("accepted", std::move(beside), most, base::no_deadline));
    events = walk->events();
    std::vector<std::string> seen;
    for (;;) {
      const auto some = run(walk->next());
      if (some.empty()) return seen;
      for (const auto& event : some)
        seen.push_back(event.name + " " + std::to_string(event.ids.front().value - id(0).value));
    }
  }
  std::size_t events = 0;
};

TEST_F(HistoryWalked, TheLastOnesComeOldestFirst) {
  open();
  for (const auto number : {1, 2, 3, 4}) {
    add("accepted", static_cast<std::uint64_t>(number));
    add("delivered", static_cast<std::uint64_t>(number));
  }
  EXPECT_THAT(walk(2), ElementsAre("accepted 3", "accepted 4"));
  EXPECT_EQ(events, 2U);
  EXPECT_THAT(walk(100), ElementsAre("accepted 1", "accepted 2", "accepted 3", "accepted 4"));
  EXPECT_EQ(events, 4U);
}

TEST_F(HistoryWalked, GoesThroughTheFilesOfFormerLives) {
  open();
  add("accepted", 1);
  add("accepted", 2);
  reopen();
  add("accepted", 3);
  reopen();
  add("delivered", 3);
  reopen();
  add("accepted", 4);
  EXPECT_THAT(walk(3), ElementsAre("accepted 2", "accepted 3", "accepted 4"));
  EXPECT_THAT(walk(1), ElementsAre("accepted 4"));
}

TEST_F(HistoryWalked, OthersComeInBetweenButNotBeforeTheFirst) {
  open();
  for (const auto number : {1, 2, 3}) {
    add("envelope", static_cast<std::uint64_t>(number));
    add("accepted", static_cast<std::uint64_t>(number));
    add("delivered", static_cast<std::uint64_t>(number));
  }
  EXPECT_THAT(walk(2, {"envelope"}), ElementsAre("envelope 2", "accepted 2", "envelope 3", "accepted 3"));
  EXPECT_EQ(events, 2U);
}

TEST_F(HistoryWalked, OfNothingThereIsNothing) {
  open();
  EXPECT_THAT(walk(5), IsEmpty());
  add("delivered", 1);
  EXPECT_THAT(walk(5), IsEmpty());
  EXPECT_EQ(events, 0U);
}

TEST_F(HistoryWalked, MoreThanAFrameComesInPieces) {
  open();
  const std::string long_text(1000, 'x');
  for (std::uint64_t number = 1; number <= 500; ++number) add("accepted", number, {{"to", long_text}});
  const auto walk = run(history->walk("accepted", {}, 400, base::no_deadline));
  EXPECT_EQ(walk->events(), 400U);
  std::size_t pieces = 0, seen = 0;
  for (auto some = run(walk->next()); !some.empty(); some = run(walk->next())) {
    ++pieces;
    seen += some.size();
  }
  EXPECT_EQ(seen, 400U);
  EXPECT_GT(pieces, 4U);
}

TEST_F(HistoryWalked, NothingIsReadAfterItsTime) {
  open();
  const std::string long_text(1000, 'x');
  for (std::uint64_t number = 1; number <= 500; ++number) add("accepted", number, {{"to", long_text}});
  const auto until = clock.now + 1s;
  const auto walk = run(history->walk("accepted", {}, 400, until));
  EXPECT_FALSE(walk->is_cut_short());
  EXPECT_THAT(run(walk->next()), Not(IsEmpty()));
  clock.advance_to(until);
  EXPECT_THAT(run(walk->next()), IsEmpty());
  const auto late = run(history->walk("accepted", {}, 400, until));
  EXPECT_TRUE(late->is_cut_short());
  EXPECT_THAT(run(late->next()), IsEmpty());
}

TEST_F(HistoryWalked, WhatWasRefusedIsKeptApart) {
  open();
  History refusals("/state/refusals", settings, disk, clock, log, io.get_executor());
  refusals.start();
  RecordingLogger recording(log, *history, refusals);
  recording.warn("rejected", {{"client", "192.0.2.1"}, {"stage", "connect"}});
  recording.warn("rejected", {{"client", "192.0.2.1"}, {"stage", "rcpt"}, {"to", "a@b.example"}});
  recording.info("accepted", {{"id", base::to_string(id(1))}});
  const auto refused = run(refusals.walk("rejected", {}, 10, base::no_deadline));
  ASSERT_EQ(refused->events(), 1U);
  EXPECT_EQ(run(refused->next()).at(0).text("to"), "a@b.example");
  EXPECT_THAT(walk(10), ElementsAre("accepted 1"));
  EXPECT_EQ(run(history->walk("rejected", {}, 10, base::no_deadline))->events(), 0U);
  run(refusals.stop());
}

}  // namespace
}  // namespace godwit::state
