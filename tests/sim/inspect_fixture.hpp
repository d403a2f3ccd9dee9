// SPDX-License-Identifier: Apache-2.0
// A spool on the simulated disk with messages in many states, and a disk that reads slowly, for tests of what reads the
// files of a spool that it has not opened.
#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "godwit/log/logger.hpp"
#include "godwit/spool/inspect.hpp"
#include "spool/scan.hpp"
#include "spool/segment_header.hpp"
#include "support/let_others_run.hpp"
#include "support/run_awaitable.hpp"
#include "support/sim_disk.hpp"

namespace godwit::spool {

using test::SimDisk;

inline constexpr std::uint64_t seed = 20261125;

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
  disk::Task<> set_permissions(unsigned) override { return refuse(); }
  disk::Task<std::uint64_t> size() override { return file_->size(); }
  disk::Task<bool> is_at(std::string path) override { return file_->is_at(std::move(path)); }
  disk::Task<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const auto piece = into.subspan(done, std::min(block_size, into.size() - done));
      // Now and then much is written meanwhile.
      co_await test::let_others_run(random_.below(4) == 0 ? random_.below(60) : 0);
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
                                 disk_, clock_, random_, log::null_logger(), {executor, executor, executor, pause_}));
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
      co_await test::let_others_run(rest_);
    }
    co_return true;
  }

  // Background work waits for no clock.
  void never_wait() {
    patience_ = 80;
    pause_ = [](base::Duration) { return test::let_others_run(); };
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
  std::uint64_t rest_ = 0;      // turns that others have between two messages
  std::uint64_t patience_ = 8;  // of so many open messages, three are done in a round and one in part
  std::unique_ptr<Spool> spool_;
  std::map<base::MessageId, Sent> sent_;  // and not done
};

}  // namespace godwit::spool
