// SPDX-License-Identifier: Apache-2.0
// The spool on a real disk, with real threads.
#include "godwit/spool/spool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>

#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include "godwit/base/checksum.hpp"
#include "godwit/disk/posix_disk.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/spool/prepend.hpp"
#include "godwit/spool/rewrite.hpp"
#include "spool/format.hpp"

namespace godwit::spool {
namespace {

class Silent final : public log::Logger {
 public:
  bool enabled(log::Level) const override { return false; }
  void write(log::Level, std::string_view, std::span<const log::Field>) override {}
};

class SettableClock final : public base::Clock {
 public:
  base::WallTime wall() const override { return system_.wall() + off; }
  base::MonoTime mono() const override { return system_.mono(); }

  base::Duration off{};

 private:
  base::SystemClock system_;
};

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() {
    std::string path = ::testing::TempDir() + "godwit-spool-XXXXXX";
    settings_.directory = ::mkdtemp(path.data());
    settings_.min_free = 0;
    settings_.segment_size = 4U << 20U;
    settings_.inline_limit = 64U << 10U;
    settings_.message_size = 1U << 20U;
  }
  ~SpoolTest() override {
    close();
    pool_.join();
    committer_.join();
    callers_.join();
    std::filesystem::remove_all(settings_.directory);
  }

  template <class T>
  T run(boost::asio::awaitable<T> task) {
    return boost::asio::co_spawn(callers_, std::move(task), boost::asio::use_future).get();
  }
  base::Result<> open() {
    auto opened = run(open_spool(settings_, disk_, clock_, random_, log_,
                                 {committer_.get_executor(), pool_.get_executor(), pool_.get_executor()}));
    if (!opened) return std::unexpected(opened.error());
    spool_ = std::move(*opened);
    return {};
  }
  void close() {
    if (!spool_) return;
    boost::asio::co_spawn(callers_, spool_->stop(), boost::asio::use_future).get();
    spool_.reset();
  }
  static mail::Envelope envelope() {
    mail::Envelope e;
    e.sender = smtp::Mailbox{"a", "x.example"};
    e.recipients.push_back({.address = {"r", "b.example"}, .original = {}, .orcpt = {}, .last_reply = {}});
    return e;
  }
  static boost::asio::awaitable<Accepted<base::MessageId>> put(Spool& spool, std::string body, mail::Envelope with,
                                                               std::string head = "") {
    auto incoming = spool.begin(0);
    if (!incoming) co_return std::unexpected(incoming.error());
    for (std::string_view rest = body; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(rest.size(), 10'000))) {
      auto written = co_await (*incoming)->write(rest.substr(0, 10'000));
      if (!written) co_return std::unexpected(written.error());
    }
    if (!head.empty()) prepend(**incoming, std::move(head));
    co_return co_await (*incoming)->commit(std::move(with));
  }
  // What was written can be read back; then it gets another body.
  static boost::asio::awaitable<Accepted<base::MessageId>> put_instead(Spool& spool, std::string first,
                                                                       std::string second, std::string& seen) {
    auto incoming = spool.begin(0);
    auto another = spool.begin(0);
    static_cast<void>(co_await (*incoming)->write(first));
    static_cast<void>(co_await (*another)->write(second));
    std::string piece(7000, '\0');
    for (;;) {
      auto got = co_await read_back(**incoming, seen.size(), piece);
      if (!got || *got == 0) break;
      seen += piece.substr(0, *got);
    }
    exchange_bodies(**incoming, **another);
    another->reset();
    const auto id = (*incoming)->id();
    prepend(**incoming, "Subject: s\r\n\r\n");
    auto committed = co_await (*incoming)->commit(envelope());
    EXPECT_EQ(committed.value(), id);
    co_return committed;
  }
  // Its body, and how long it is said to be.
  std::string stored(base::MessageId id) {
    const auto message = run(spool_->read(id)).value();
    const auto bytes = run(read_all(message.body));
    EXPECT_EQ(message.body->size(), bytes.size());
    return bytes;
  }
  Accepted<base::MessageId> put(std::string body, mail::Envelope with = envelope()) {
    return run(put(*spool_, std::move(body), std::move(with)));
  }
  Refused::Why refusal(std::string body, mail::Envelope with = envelope()) {
    auto result = put(std::move(body), std::move(with));
    EXPECT_FALSE(result);
    return result ? Refused::Why::unhealthy : result.error().why;
  }
  static boost::asio::awaitable<std::string> read_all(std::shared_ptr<Body> body) {
    std::string bytes;
    std::string piece(7000, '\0');
    for (;;) {
      auto got = co_await body->read(bytes.size(), piece);
      if (!got || *got == 0) co_return got ? bytes : got.error().message;
      bytes += piece.substr(0, *got);
    }
  }
  std::size_t files(std::string_view folder) const {
    const auto path = std::filesystem::path(settings_.directory) / folder;
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
  }
  std::string only_segment() const {
    std::string found;
    for (const auto& entry : std::filesystem::directory_iterator(settings_.directory + "/journal"))
      if (entry.path().extension() == ".seg") found = entry.path();
    return found;
  }
  static std::string lines(std::size_t size) {
    std::string body;
    while (body.size() < size) body += "line " + std::to_string(body.size()) + "\r\n";
    return body;
  }
  static mail::Update delivered() {
    mail::Update update;
    update.recipients.push_back({0, mail::RecipientState::delivered, "250 Ok"});
    return update;
  }

  boost::asio::thread_pool committer_{1};
  boost::asio::thread_pool pool_{2};
  boost::asio::thread_pool callers_{4};
  disk::PosixDisk disk_;
  SettableClock clock_;
  base::SeededRandom random_{1};
  Silent log_;
  Settings settings_;
  std::unique_ptr<Spool> spool_;
};

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

TEST_F(SpoolTest, FullBelowMinFree) {
  settings_.min_free = ~std::uint64_t{0};
  ASSERT_TRUE(open());
  EXPECT_EQ(refusal("a\r\n"), Refused::Why::full);
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

TEST_F(SpoolTest, ASecondDaemonIsRefused) {
  ASSERT_TRUE(open());
  auto second = run(open_spool(settings_, disk_, clock_, random_, log_,
                               {committer_.get_executor(), pool_.get_executor(), pool_.get_executor()}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, base::ErrorKind::refused);
  EXPECT_THAT(second.error().message, ::testing::HasSubstr("another daemon uses the spool"));
}

TEST_F(SpoolTest, DamageIsKeptAndTheRestIsReadOn) {
  ASSERT_TRUE(open());
  const auto first = put("first\r\n");
  const auto second = put("second\r\n");
  close();
  const std::string path = only_segment();
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file);
    file.seekp(static_cast<std::streamoff>(block_size + 100));
    file.put('!');
  }
  ASSERT_TRUE(open());
  EXPECT_FALSE(run(spool_->read(*first)));
  EXPECT_TRUE(run(spool_->read(*second)));
  EXPECT_EQ(spool_->statistics().quarantined, 1U);
  EXPECT_EQ(files("quarantine"), 1U);
}

TEST_F(SpoolTest, DamageOfHeaderAndFirstGroupCostsNoMore) {
  ASSERT_TRUE(open());
  const auto first = put("first\r\n");
  const auto second = put("second\r\n");
  close();
  {
    std::fstream file(only_segment(), std::ios::in | std::ios::out | std::ios::binary);
    file << std::string(2 * block_size, '\0');
  }
  ASSERT_TRUE(open());
  EXPECT_FALSE(run(spool_->read(*first)));
  EXPECT_TRUE(run(spool_->read(*second)));
  EXPECT_GE(spool_->statistics().quarantined, 1U);
}

// After the last group: its last block is no trailer, and what follows it is written elsewhere.
TEST_F(SpoolTest, ASegmentThatLostItsEndIsReportedAndNeverWrittenAgain) {
  ASSERT_TRUE(open());
  std::vector<Accepted<base::MessageId>> all;
  for (int i = 0; i < 3; ++i) all.push_back(put("message\r\n"));
  close();
  const std::string path = only_segment();
  std::filesystem::resize_file(path, 5 * block_size);  // header, three messages, the empty group of the stop
  ASSERT_TRUE(open());
  for (const auto& one : all) EXPECT_TRUE(run(spool_->read(*one)));
  EXPECT_EQ(spool_->statistics().quarantined, 1U);
  EXPECT_TRUE(put("more\r\n"));
  EXPECT_EQ(std::filesystem::file_size(path), 5 * block_size);
}

// What was delivered and is gone with its segment is known no more; here all but the last segment's header is gone.
TEST_F(SpoolTest, NoIdIsMadeAgainThoughTheClockIsSetBack) {
  ASSERT_TRUE(open());
  std::vector<base::MessageId> ids;
  for (int i = 0; i < 80; ++i) {
    ids.push_back(put(lines(60'000)).value());
    spool_->update(ids.back(), delivered());
  }
  close();
  const std::string journal = settings_.directory + "/journal";
  std::vector<std::string> segments;
  for (const auto& entry : std::filesystem::directory_iterator(journal))
    if (entry.path().extension() == ".seg") segments.push_back(entry.path());
  std::ranges::sort(segments);
  const auto last = segments.back();
  segments.pop_back();
  for (const auto& segment : segments) std::filesystem::remove(segment);
  const auto size = std::filesystem::file_size(last);
  std::filesystem::resize_file(last, block_size);
  std::filesystem::resize_file(last, size);
  clock_.off = -std::chrono::hours(24 * 365);
  ASSERT_TRUE(open());
  EXPECT_GT(put("x\r\n").value(), ids[40]) << "made before the journal went on to its last segment";
}

TEST_F(SpoolTest, FoldersOfOthersAreLeftAlone) {
  ASSERT_TRUE(open());
  const auto id = put("message\r\n");
  close();
  for (const char* name : {"/large/lost+found", "/journal/00000099.free", "/journal/00000098.seg"})
    std::filesystem::create_directory(settings_.directory + name);
  ASSERT_TRUE(open());
  EXPECT_TRUE(run(spool_->read(*id)));
  EXPECT_EQ(files("large"), 1U);
}

TEST_F(SpoolTest, AHigherFormatVersionIsRefusedAndLeftAlone) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(put("first\r\n"));
  close();
  const std::string path = only_segment();
  std::string block(64, '\0');
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file.read(block.data(), 64));
    block[12] = 9;
    const std::uint32_t crc = base::crc32c(std::string_view(block).substr(12));
    for (std::size_t i = 0; i < 4; ++i) block[8 + i] = static_cast<char>(crc >> (8 * i) & 0xFFU);
    file.seekp(0);
    file.write(block.data(), 64);
  }
  const std::size_t before = files("journal");
  auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, base::ErrorKind::unsupported);
  EXPECT_EQ(files("journal"), before);
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

// Four threads of senders, updates beside them; segments roll, empty and recycle.
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
