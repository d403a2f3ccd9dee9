// SPDX-License-Identifier: Apache-2.0
// read_live(): messages for export, from a spool at rest and beside a daemon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/inspect_fixture.hpp"

namespace godwit::spool {
namespace {

using ::testing::IsEmpty;

// What read_live() gave, as `sent_` has it.
class Exported {
 public:
  disk::Task<Visited> take(StoredMessage message) {
    Sent sent{.body = {}, .envelope = message.envelope};
    std::string piece(7000, '\0');
    for (;;) {
      auto got = co_await message.body->read(sent.body.size(), piece);
      if (!got) co_return Visited{got.error().message};
      if (*got == 0) break;
      sent.body.append(piece, 0, *got);
    }
    EXPECT_TRUE(all.emplace(message.id, std::move(sent)).second) << "taken twice";
    co_return Visited{};
  }
  std::map<base::MessageId, Sent> all;
};

class InspectLive : public Inspect {
 protected:
  boost::asio::awaitable<base::Result<std::vector<Fault>>> read_all(Exported& exported,
                                                                    std::function<bool(base::MessageId)> wanted = {}) {
    const auto executor = co_await boost::asio::this_coro::executor;
    LiveReading reading{.wanted = std::move(wanted),
                        .visit = [&exported](StoredMessage message) { return exported.take(std::move(message)); }};
    co_return co_await read_live(slow_disk_, "/spool", executor, std::move(reading));
  }
  void expect_sent(const Exported& exported) {
    ASSERT_EQ(exported.all.size(), sent_.size());
    for (const auto& [id, sent] : sent_) {
      ASSERT_TRUE(exported.all.contains(id));
      EXPECT_EQ(exported.all.at(id).body, sent.body);
      EXPECT_EQ(exported.all.at(id).envelope, sent.envelope);
    }
  }

  // Works and looks at the spool at the same time; how often it looked.
  boost::asio::awaitable<int> watch_work(int rounds) {
    const auto executor = co_await boost::asio::this_coro::executor;
    working_ = true;
    rest_ = 100;
    auto ended = [this](std::exception_ptr, bool) { working_ = false; };
    boost::asio::co_spawn(executor, work(rounds), ended);
    int checks = 0;
    for (; working_; ++checks) {
      auto looking = look();
      co_await std::move(looking);
    }
    co_return checks;
  }

 private:
  boost::asio::awaitable<void> look() {
    auto report = co_await check_spool(slow_disk_, "/spool");
    EXPECT_EQ(report ? describe_faults(*report) : report.error().message, "");
    const std::map<base::MessageId, Sent> before = sent_;
    Exported exported;
    auto faults = co_await read_all(exported);
    EXPECT_TRUE(faults) << faults.error().message;
    EXPECT_EQ(faults ? faults->size() : 0, 0U);
    // Whatever was there all the time was read.
    for (const auto& [id, sent] : before) {
      if (!sent_.contains(id)) continue;
      const auto found = exported.all.find(id);
      EXPECT_TRUE(found != exported.all.end() && found->second.body == sent.body) << base::to_string(id);
    }
  }

  bool working_ = false;
};

TEST_F(InspectLive, EveryLiveMessageIsReadOnceWithItsUpdates) {
  fill();
  Exported exported;
  const auto faults = run(read_all(exported));
  ASSERT_TRUE(faults) << faults.error().message;
  EXPECT_THAT(*faults, IsEmpty());
  expect_sent(exported);
}

TEST_F(InspectLive, OnlyTheWantedIsRead) {
  fill();
  const base::MessageId id = sent_.rbegin()->first;
  Exported exported;
  ASSERT_TRUE(run(read_all(exported, [id](base::MessageId other) { return other == id; })));
  ASSERT_EQ(exported.all.size(), 1U);
  EXPECT_EQ(exported.all.begin()->first, id);
}

TEST_F(InspectLive, ADamagedRecordIsReportedAndTheOthersAreRead) {
  fill();
  // One that compaction has not copied: the other record would be read instead.
  std::map<base::MessageId, std::vector<std::pair<std::string, std::size_t>>> records;
  for (const std::string& path : files(".seg")) {
    std::string bytes;
    for (const FoundRecord& record : scan(path, bytes).records)
      if (record.header.type == RecordType::message)
        records[record.header.id].emplace_back(path, record.offset + record_header_size + record.header.length - 1);
  }
  const auto damaged = std::ranges::find_if(
      records, [this](const auto& one) { return one.second.size() == 1 && sent_.contains(one.first); });
  ASSERT_NE(damaged, records.end());
  const auto& [path, last_byte] = damaged->second.front();
  flip(path, last_byte);
  sent_.erase(damaged->first);
  Exported exported;
  ASSERT_TRUE(run(read_all(exported)));
  expect_sent(exported);
}

// Segments vanish between their listing and their turn all the time.
TEST_F(InspectLive, BesideACompactionThatNeverWaitsNothingIsMissed) {
  never_wait();
  open();
  EXPECT_GT(run(watch_work(1000)), 2);
}

TEST_F(InspectLive, BesideAWorkingSpoolNothingIsTakenForDamage) {
  open();
  const int checks = run(watch_work(2000));
  std::cout << checks << " checks beside the work\n";
  EXPECT_GT(checks, 2);
  stop();
  Exported exported;
  ASSERT_TRUE(run(read_all(exported)));
  expect_sent(exported);
}

}  // namespace
}  // namespace godwit::spool
