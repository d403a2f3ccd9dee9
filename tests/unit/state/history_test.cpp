// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/history.hpp"

#include <gmock/gmock.h>

#include <cerrno>

#include "godwit/state/recording_logger.hpp"
#include "unit/state/history_fixture.hpp"

namespace godwit::state {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HistoryTest : public HistoryOnSimDisk {
 protected:
  // Enough for several segments.
  void fill(std::uint64_t from, std::uint64_t to) {
    const std::string text(8000, 'x');
    for (auto number = from; number < to; ++number) {
      add("delivered", number, {{"reply", text}});
      if (number % 100 == 0) of(number);  // else the queue would be full
    }
    of(from);
  }
  std::vector<std::string> files(std::string_view kind) {
    std::vector<std::string> files;
    for (const auto& name : disk.names())
      if (name.starts_with(folder) && name.ends_with(kind)) files.push_back(name);
    return files;
  }
};

TEST_F(HistoryTest, TellsWhatHappenedToAMessageInOrder) {
  open();
  add("accepted", 1, {{"from", "<a@x>"}, {"size", 17}});
  add("accepted", 2);
  add("delivered", 1, {{"reply", "250 ok\r\nand \xFF"}});
  const auto events = of(1);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].name, "accepted");
  EXPECT_EQ(events[0].text("from"), "<a@x>");
  EXPECT_EQ(std::get<std::int64_t>(events[0].fields[2].value), 17);
  EXPECT_EQ(events[1].text("reply"), "250 ok\r\nand \xFF");
  EXPECT_LT(events[0].time, events[1].time);
  EXPECT_THAT(names(3), IsEmpty());
}

TEST_F(HistoryTest, AcceptanceComesBeforeADeliveryThatWasTooFastForIt) {
  open();
  for (const char* name : {"checked", "delivered", "report", "accepted", "deleted"}) add(name, 1);
  EXPECT_THAT(names(1), ElementsAre("checked", "accepted", "delivered", "report", "deleted"));
}

TEST_F(HistoryTest, ReportBelongsToBothMessages) {
  open();
  add("report", 2, {{"about", base::to_string(id(1))}, {"kind", "failure"}});
  EXPECT_THAT(names(1), ElementsAre("report"));
  EXPECT_THAT(names(2), ElementsAre("report"));
}

TEST_F(HistoryTest, IsThereAfterARestart) {
  open();
  add("accepted", 1);
  reopen();
  add("delivered", 1);
  EXPECT_THAT(names(1), ElementsAre("accepted", "delivered"));
  reopen();
  EXPECT_THAT(names(1), ElementsAre("accepted", "delivered"));
  EXPECT_THAT(log.count, IsEmpty());
}

TEST_F(HistoryTest, IsThereAfterAKill) {
  open();
  add("accepted", 1);
  kill();
  EXPECT_THAT(names(1), ElementsAre("accepted"));
  EXPECT_THAT(log.count, IsEmpty());
}

TEST_F(HistoryTest, PowerLossAtAnyMomentLeavesWhatWasWrittenBefore) {
  open();
  add("accepted", 1);
  close();
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    auto tried = disk.clone();
    History later(folder, settings, *tried, clock, log, io.get_executor());
    later.start();
    const std::vector<log::Field> fields{{"id", base::to_string(id(2))}};
    for (int i = 0; i < 20; ++i) {
      later.add("accepted", fields);
      std::ignore = run(later.of(id(2)));
    }
    for (const auto loss : {test::Loss::some, test::Loss::torn, test::Loss::last_torn, test::Loss::prefix}) {
      auto lost = tried->clone();
      lost->crash(loss, seed);
      History after(folder, settings, *lost, clock, log, io.get_executor());
      after.start();
      const auto events = run(after.of(id(2)));
      ASSERT_TRUE(events);
      for (const auto& event : *events) EXPECT_EQ(event.name, "accepted");
      EXPECT_LE(run(after.of(id(1))).value().size(), 1U);
    }
  }
}

TEST_F(HistoryTest, DamagedFrameIsPassedOverAndTheRestIsRead) {
  open();
  for (std::uint64_t number = 1; number <= 5; ++number) {
    add("accepted", number);
    of(number);  // a frame of its own
  }
  close();
  const auto segment = files(".hist").at(0);
  auto bytes = *disk.contents(segment);
  bytes[bytes.find(base::to_string(id(3)))] ^= 1;
  disk.set_contents(segment, bytes);
  disk.remove_file(files(".idx").at(0));
  open();
  EXPECT_THAT(names(3), IsEmpty());
  for (const std::uint64_t number : {1, 2, 4, 5}) EXPECT_THAT(names(number), ElementsAre("accepted"));
  EXPECT_EQ(log.count["history_damaged"], 1);
}

TEST_F(HistoryTest, DamagedIndexIsMadeAgain) {
  open();
  add("accepted", 1);
  close();
  const auto index = files(".idx").at(0);
  auto bytes = *disk.contents(index);
  bytes.back() ^= 1;
  // Where it says which ids there are, and how many entries follow.
  auto others = bytes, many = bytes;
  others[24] = static_cast<char>(others[24] ^ 0x40);
  many[43] ^= 0x7F;
  for (const auto& damaged : {bytes, others, many, bytes.substr(0, 20), std::string()}) {
    disk.set_contents(index, damaged);
    open();
    EXPECT_THAT(names(1), ElementsAre("accepted"));
    close();
  }
}

TEST_F(HistoryTest, FileOfGarbageIsPassedOver) {
  open();
  add("accepted", 1);
  close();
  disk.set_contents(files(".hist").at(0), std::string(100000, 'x'));
  disk.remove_file(files(".idx").at(0));
  open();
  EXPECT_THAT(names(1), IsEmpty());
  EXPECT_GE(log.count["history_damaged"], 1);
  add("accepted", 2);
  EXPECT_THAT(names(2), ElementsAre("accepted"));
}

TEST_F(HistoryTest, AnyByteOfASegmentMayBeWrong) {
  open();
  add("accepted", 1);
  of(1);
  add("accepted", 2);
  close();
  const auto segment = files(".hist").at(0);
  const auto bytes = *disk.contents(segment);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] = static_cast<char>(~damaged[at]);
    disk.set_contents(segment, damaged);
    for (const auto& name : files(".idx")) disk.remove_file(name);
    open();
    const auto found = names(1).size() + names(2).size();
    EXPECT_TRUE(at < 8 ? found == 0 : found == 1) << at << " " << found;
    close();
  }
}

TEST_F(HistoryTest, WhatIsTooOldGoes) {
  settings.keep = 24h;
  open();
  add("accepted", 1);
  of(1);
  clock.now += 4h;
  add("accepted", 2);
  of(2);
  clock.now += 21h;
  add("accepted", 3);
  EXPECT_THAT(names(1), IsEmpty());
  EXPECT_THAT(names(2), ElementsAre("accepted"));
  EXPECT_THAT(names(3), ElementsAre("accepted"));
  EXPECT_THAT(log.count, IsEmpty());
}

TEST_F(HistoryTest, WhatIsTooMuchGoesFromTheOldest) {
  settings.max_size = 16U << 20U;
  open();
  fill(1, 4000);
  const auto counts = history->counts();
  EXPECT_LE(counts.bytes, settings.max_size + settings.max_size / 8 + (1U << 20U));
  EXPECT_GE(counts.bytes, settings.max_size / 2);
  EXPECT_EQ(counts.lost, 0U);
  EXPECT_THAT(names(1), IsEmpty());
  EXPECT_THAT(names(3999), ElementsAre("delivered"));
  EXPECT_EQ(files(".hist").size(), counts.segments);
}

TEST_F(HistoryTest, WhatDoesNotFitIsCountedAndNobodyWaits) {
  open();
  const std::string text(8000, 'x');
  for (std::uint64_t number = 1; number <= 2000; ++number) add("delivered", number, {{"reply", text}});
  const auto lost = history->counts().lost;
  EXPECT_GT(lost, 900U);
  EXPECT_THAT(names(1), ElementsAre("delivered"));
  EXPECT_THAT(names(2000), IsEmpty());
  EXPECT_EQ(log.count["history_lost"], 1);
}

TEST_F(HistoryTest, FullDiskCostsEventsAndIsToldOnce) {
  open();
  add("accepted", 1);
  of(1);
  disk.set_capacity(1);
  for (std::uint64_t number = 2; number < 20; ++number) {
    add("accepted", number);
    EXPECT_THAT(names(number), IsEmpty());
  }
  EXPECT_EQ(log.count["history_not_written"], 1);
  disk.set_capacity(~std::uint64_t{0});
  clock.now += 1min;
  add("accepted", 20);
  EXPECT_THAT(names(20), ElementsAre("accepted"));
  EXPECT_THAT(names(1), ElementsAre("accepted"));
  EXPECT_EQ(history->counts().lost, 18U);
}

TEST_F(HistoryTest, AnyFailureOfTheDiskLeavesMailAlone) {
  for (std::uint64_t at = 1; at < 40; ++at) {
    disk.reset_operations();
    disk.fail_at(at, EIO);
    open();
    for (int i = 0; i < 5; ++i) {
      add("accepted", at);
      of(at);
    }
    close();
  }
}

TEST_F(HistoryTest, WithoutAKeepThereIsNone) {
  settings.keep = 0s;
  open();
  add("accepted", 1);
  EXPECT_THAT(names(1), IsEmpty());
  EXPECT_THAT(files(""), IsEmpty());
}

TEST_F(HistoryTest, OperationsOfTheDiskMayTakeTheirTime) {
  test::SimDisk slow(test::SimDisk::Completion::posted);
  History slowly(folder, settings, slow, clock, log, io.get_executor());
  slowly.start();
  const std::vector<log::Field> fields{{"id", base::to_string(id(1))}};
  for (int i = 0; i < 10; ++i) {
    slowly.add("accepted", fields);
    EXPECT_EQ(run(slowly.of(id(1))).value().size(), static_cast<std::size_t>(i + 1));
  }
  run(slowly.stop());
}

TEST_F(HistoryTest, WhatIsLoggedOfAMessageIsRecorded) {
  open();
  History refusals("/state/refusals", settings, disk, clock, log, io.get_executor());
  refusals.start();
  RecordingLogger recording(log, *history, refusals);
  recording.info("accepted", {{"id", base::to_string(id(1))}});
  recording.debug("attempt", {{"id", base::to_string(id(1))}});
  recording.info("listening", {{"address", "127.0.0.1:25"}});
  EXPECT_THAT(names(1), ElementsAre("accepted", "attempt"));
  EXPECT_EQ(log.count.size(), 3U);
}

}  // namespace
}  // namespace godwit::state
