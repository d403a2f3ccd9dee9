// SPDX-License-Identifier: Apache-2.0
// The spool looked at from outside: on a simulated disk, at rest and while the spool works.
#include "godwit/spool/inspect.hpp"

#include <gmock/gmock.h>

#include <iostream>
#include <map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/log/logger.hpp"
#include "spool/journal_reader.hpp"
#include "spool/scan.hpp"
#include "spool/segment_header.hpp"
#include "support/run_awaitable.hpp"
#include "support/sim_disk.hpp"
#include "unit/spool/segment_builder.hpp"

namespace godwit::spool {
namespace {

using test::SimDisk;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t seed = 20261125;

struct Sent {
  std::string body;
  mail::Envelope envelope;  // with all updates so far
};

// The same disk for a reader that is slow: a read takes a block at a time, and others write in between.
class SlowFile final : public disk::File {
 public:
  SlowFile(std::unique_ptr<disk::File> file, base::Random& random) : file_(std::move(file)), random_(random) {}
  disk::Task<> write(std::uint64_t, std::string_view) override { return refuse(); }
  disk::Task<> write_vector(std::uint64_t, std::span<const std::string_view>) override { return refuse(); }
  disk::Task<> sync() override { return refuse(); }
  disk::Task<> truncate(std::uint64_t) override { return refuse(); }
  disk::Task<std::uint64_t> size() override { return file_->size(); }
  disk::Task<bool> is_at(std::string path) override { return file_->is_at(std::move(path)); }
  disk::Task<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const auto piece = into.subspan(done, std::min(block_size, into.size() - done));
      // Now and then much is written meanwhile.
      const auto executor = co_await boost::asio::this_coro::executor;
      for (std::uint64_t i = random_.below(4) == 0 ? random_.below(60) : 0; i > 0; --i)
        co_await boost::asio::post(executor, boost::asio::use_awaitable);
      auto got = co_await file_->read(offset + done, piece);
      if (!got) co_return got;
      if (*got == 0) break;
      done += *got;
    }
    co_return done;
  }

 private:
  static disk::Task<> refuse() { co_return base::fail(base::ErrorKind::refused, "a reader writes nothing"); }
  std::unique_ptr<disk::File> file_;
  base::Random& random_;
};

class SlowDisk final : public disk::Disk {
 public:
  SlowDisk(disk::Disk& disk, base::Random& random) : disk_(disk), random_(random) {}
  template <class T = void>
  using Task = disk::Task<T>;
  std::function<void()> on_open;
  Task<std::unique_ptr<disk::File>> open(std::string path, disk::OpenMode mode, unsigned) override {
    EXPECT_EQ(mode, disk::OpenMode::read);
    if (on_open) on_open();
    auto file = co_await disk_.open(std::move(path), mode);
    if (!file) co_return file;
    co_return std::make_unique<SlowFile>(std::move(*file), random_);
  }
  Task<std::vector<disk::Entry>> list(std::string directory) override { return disk_.list(std::move(directory)); }
  Task<> make_directories(std::string, unsigned) override { return refuse(); }
  Task<> rename(std::string, std::string) override { return refuse(); }
  Task<> link(std::string, std::string) override { return refuse(); }
  Task<> remove(std::string) override { return refuse(); }
  Task<> sync_directory(std::string) override { return refuse(); }
  Task<> set_permissions(std::string, unsigned, std::string) override { return refuse(); }
  Task<disk::Space> space(std::string path) override { return disk_.space(std::move(path)); }
  Task<std::unique_ptr<disk::File>> lock(std::string) override {
    co_return base::fail(base::ErrorKind::refused, "a reader takes no lock");
  }

 private:
  static Task<> refuse() { co_return base::fail(base::ErrorKind::refused, "a reader writes nothing"); }
  disk::Disk& disk_;
  base::Random& random_;
};

class Inspect : public ::testing::Test {
 protected:
  Inspect() : random_(seed) { std::cout << "seed " << seed << "\n"; }
  ~Inspect() override { stop(); }

  template <class T>
  T run(boost::asio::awaitable<T> task) {
    return testing::run_awaitable(context_, std::move(task));
  }

  void open() {
    const boost::asio::any_io_executor executor(context_.get_executor());
    auto opened = run(open_spool({.directory = "/spool",
                                  .inline_limit = 6000,
                                  .min_free = 0,
                                  .segment_size = 64U << 10U,
                                  .memory = 1U << 20U,
                                  .message_size = 1U << 20U},
                                 disk_, clock_, random_, log::null_logger(), {executor, executor, pause_}));
    ASSERT_TRUE(opened) << opened.error().message;
    spool_ = std::move(*opened);
  }
  void stop() {
    if (!spool_) return;
    auto stopping = [](Spool& spool) -> boost::asio::awaitable<bool> {
      co_await spool.stop();
      co_return true;
    };
    run(stopping(*spool_));
    spool_.reset();
    context_.restart();
    context_.run();
  }

  boost::asio::awaitable<bool> send(std::size_t size) {
    Sent sent;
    while (sent.body.size() < size) sent.body += "line " + std::to_string(random_.next()) + "\r\n";
    sent.envelope.sender = smtp::Mailbox{"sender", "a.example"};
    for (int i = 0; i < 2; ++i) {
      mail::Recipient& recipient = sent.envelope.recipients.emplace_back();
      recipient.address = {"r" + std::to_string(i), "b.example"};
    }
    auto incoming = spool_->begin(size);
    if (!incoming) co_return false;
    auto written = co_await (*incoming)->write(sent.body);
    if (!written) co_return false;
    auto id = co_await (*incoming)->commit(sent.envelope);
    if (id) sent_.emplace(*id, std::move(sent));
    co_return id.has_value();
  }

  // Some of those that are open are done, others are settled in part.
  void settle_some() {
    std::vector<base::MessageId> open;
    for (const auto& [id, sent] : sent_) open.push_back(id);
    for (const base::MessageId id : open) {
      mail::Update update{.attempts = sent_.at(id).envelope.attempts + 1};
      const std::uint64_t what = random_.below(patience_);
      if (what >= 4) continue;
      const std::uint32_t settled = what == 0 ? 1 : 2;
      for (std::uint32_t i = 0; i < settled; ++i)
        update.recipients.push_back({i, mail::RecipientState::delivered, "250 Ok"});
      mail::apply(update, sent_.at(id).envelope);
      if (!mail::has_waiting(sent_.at(id).envelope)) sent_.erase(id);
      spool_->update(id, std::move(update));
    }
  }

  boost::asio::awaitable<bool> work(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      const std::size_t size = random_.below(8) == 0 ? 20'000 : random_.below(3000);
      auto sending = send(size);
      if (!co_await std::move(sending)) co_return false;
      if (i % 5 == 4) settle_some();
      for (int turn = 0; turn < rest_; ++turn) {
        const auto here = co_await boost::asio::this_coro::executor;
        co_await boost::asio::post(here, boost::asio::use_awaitable);
      }
    }
    co_return true;
  }

  // Background work waits for no clock.
  void never_wait() {
    patience_ = 80;
    pause_ = [](base::Duration) -> boost::asio::awaitable<void> {
      const auto here = co_await boost::asio::this_coro::executor;
      co_await boost::asio::post(here, boost::asio::use_awaitable);
    };
  }

  // A spool at rest, of several segments; the same from one seed.
  void fill() {
    never_wait();
    open();
    ASSERT_TRUE(run(work(200)));
    stop();
    ASSERT_FALSE(sent_.empty());
  }

  SpoolReport check() {
    auto report = run(check_spool(slow_disk_, "/spool"));
    EXPECT_TRUE(report) << report.error().message;
    return report ? std::move(*report) : SpoolReport();
  }

  static std::string describe_faults(const SpoolReport& report) {
    std::string out;
    for (const SegmentReport& segment : report.segments)
      for (const Fault& fault : segment.faults)
        out += fault.file + " " + std::to_string(fault.offset) + " " + fault.what + "\n";
    for (const Fault& fault : report.body_faults) out += fault.file + " " + fault.what + "\n";
    return out;
  }

  std::vector<std::string> files(const std::string& suffix) const {
    std::vector<std::string> found;
    for (const std::string& name : disk_.names())
      if (name.ends_with(suffix) && !name.contains("/quarantine/")) found.push_back(name);
    return found;
  }

  void flip(const std::string& path, std::uint64_t offset) {
    std::string bytes = *disk_.contents(path);
    bytes[offset] = static_cast<char>(bytes[offset] ^ (1 << random_.below(8)));
    disk_.set_contents(path, std::move(bytes));
  }

  // Damages one byte, checks that exactly this is seen, and repairs it.
  void expect_found(const std::string& path, std::uint64_t offset) {
    const std::string before = *disk_.contents(path);
    flip(path, offset);
    const SpoolReport report = check();
    EXPECT_GT(report.damaged(), 0U) << path << " at " << offset;
    disk_.set_contents(path, before);
  }

  SegmentScan scan(const std::string& path, std::string& bytes) const {
    bytes = *disk_.contents(path);
    const auto header = decode_segment_header(std::string_view(bytes).substr(0, block_size));
    return scan_segment(bytes, header->generation, header->first_group, Tail::may_be_torn);
  }

  boost::asio::io_context context_;
  SimDisk disk_{SimDisk::Completion::posted};
  base::SystemClock clock_;
  base::SeededRandom random_;
  SlowDisk slow_disk_{disk_, random_};
  std::function<boost::asio::awaitable<void>(base::Duration)> pause_;
  int rest_ = 0;                // turns that others have between two messages
  std::uint64_t patience_ = 8;  // of so many open messages, three are done in a round and one in part
  std::unique_ptr<Spool> spool_;
  std::map<base::MessageId, Sent> sent_;  // and not done
};

TEST_F(Inspect, ASoundSpoolHasNoFaults) {
  fill();
  const SpoolReport report = check();
  EXPECT_EQ(report.damaged(), 0U) << describe_faults(report);
  EXPECT_EQ(report.live, sent_.size());
  EXPECT_GT(report.segments.size(), 3U);
  EXPECT_TRUE(report.segments.front().sealed);
  EXPECT_THAT(report.quarantine, IsEmpty());
  std::uint64_t live = 0;
  for (const SegmentReport& segment : report.segments) live += segment.live;
  EXPECT_EQ(live, sent_.size());
}

TEST_F(Inspect, AFlippedBitOfAnyRecordIsFound) {
  fill();
  for (const std::string& path : files(".seg")) {
    std::string bytes;
    const SegmentScan found = scan(path, bytes);
    const bool last = path == files(".seg").back();
    for (const FoundRecord& record : found.records) {
      // Damage in the last group of all can't be told from a torn write.
      if (last && record.offset > found.last_group_at) continue;
      if (record.header.type != RecordType::index && random_.below(4) != 0) continue;
      expect_found(path, record.offset + random_.below(record_header_size + record.header.length));
    }
  }
}

TEST_F(Inspect, AFlippedBitOfHeaderOrTrailerBlockIsFound) {
  fill();
  const std::string path = files(".seg").front();
  for (int i = 0; i < 20; ++i) {
    expect_found(path, random_.below(segment_header_size));
    expect_found(path, disk_.contents(path)->size() - block_size + random_.below(trailer_size));
  }
}

TEST_F(Inspect, ACutSegmentIsFound) {
  fill();
  const std::string path = files(".seg").front();
  disk_.set_contents(path, disk_.contents(path)->substr(0, 16384));
  EXPECT_GT(check().damaged(), 0U);
}

TEST_F(Inspect, ADamagedOrMissingLargeBodyIsReportedWithItsMessage) {
  open();
  ASSERT_TRUE(run(send(20'000)));
  stop();
  const base::MessageId id = sent_.begin()->first;
  const std::string path = Paths("/spool").large(id);
  const std::string body = *disk_.contents(path);

  flip(path, random_.below(body.size()));
  EXPECT_THAT(check().body_faults,
              ElementsAre(AllOf(Field(&Fault::id, id), Field(&Fault::what, HasSubstr("checksum")))));
  disk_.set_contents(path, body.substr(1));
  EXPECT_THAT(check().body_faults, ElementsAre(AllOf(Field(&Fault::id, id), Field(&Fault::what, HasSubstr("size")))));
  run(disk_.remove(path));
  EXPECT_THAT(check().body_faults,
              ElementsAre(AllOf(Field(&Fault::id, id), Field(&Fault::what, HasSubstr("missing")))));
}

TEST_F(Inspect, ABodyThatNoRecordNamesIsAnOrphanAndNoDamage) {
  fill();
  disk_.set_contents("/spool/large/06ZQ3W8K1M4TR", "left by a crash");
  const SpoolReport report = check();
  EXPECT_THAT(report.orphans, Contains("06ZQ3W8K1M4TR"));
  EXPECT_EQ(report.damaged(), 0U);
}

TEST_F(Inspect, ATornTailIsNoDamage) {
  fill();
  std::string bytes;
  std::string path = files(".seg").back();
  SegmentScan found = scan(path, bytes);
  // The last segment may happen to be full.
  while (found.end + 2 * block_size >= bytes.size()) {
    open();
    ASSERT_TRUE(run(work(1)));
    stop();
    path = files(".seg").back();
    found = scan(path, bytes);
  }
  // The beginning of a group as the last one has it, but cut.
  bytes.replace(found.end, record_header_size, bytes.substr(found.last_group_at, record_header_size));
  disk_.set_contents(path, bytes);
  EXPECT_EQ(check().damaged(), 0U);
}

// One segment, made by hand, as it is seen at several moments.
class InspectGrowing : public Inspect {
 protected:
  static constexpr const char* path = "/spool/journal/00000007.seg";
  // The ids of the records that are new.
  std::vector<std::uint64_t> follow(JournalReader& reader) {
    std::vector<std::uint64_t> ids;
    const JournalReader::Visit visit = [&](const ReadSegment& segment) {
      EXPECT_THAT(segment.scan.damages, IsEmpty());
      for (const FoundRecord& record : segment.fresh) ids.push_back(record.header.id.value);
    };
    EXPECT_TRUE(run(reader.follow(visit)));
    return ids;
  }
  static std::string group(std::uint64_t number) { return make_group(number, {make_record_bytes(number, "hello")}); }
};

TEST_F(InspectGrowing, AGroupWrittenAfterItsPlaceWasReadIsNoDamage) {
  disk_.set_contents(path, make_segment({group(1), std::string(block_size, '\0'), group(3)}));
  int opens = 0;
  slow_disk_.on_open = [&] {
    if (++opens == 2) disk_.set_contents(path, make_segment({group(1), group(2), group(3), group(4)}));
  };
  JournalReader reader(slow_disk_, Paths("/spool"));
  // What came after the last group seen first is left for the next time: before it there could be another gap.
  EXPECT_THAT(follow(reader), ElementsAre(1, 2, 3));
  EXPECT_THAT(follow(reader), ElementsAre(4));
}

TEST_F(InspectGrowing, OnlyWhatCameSinceIsVisitedAgain) {
  JournalReader reader(slow_disk_, Paths("/spool"));
  disk_.set_contents(path, make_segment({group(1)}));
  EXPECT_THAT(follow(reader), ElementsAre(1));
  EXPECT_THAT(follow(reader), IsEmpty());
  disk_.set_contents(path, make_segment({group(1), group(2)}));
  EXPECT_THAT(follow(reader), ElementsAre(2));
}

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
