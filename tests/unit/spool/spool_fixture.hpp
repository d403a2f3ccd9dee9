// SPDX-License-Identifier: Apache-2.0
// The spool on a real disk, with real threads.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include "godwit/disk/posix_disk.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/spool/prepend.hpp"
#include "godwit/spool/rewrite.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::spool {

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
  auto opening() {
    return open_spool(settings_, disk_, clock_, random_, log::null_logger(),
                      {committer_.get_executor(), pool_.get_executor(), pool_.get_executor()});
  }
  base::Result<> open() {
    auto opened = run(opening());
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
  Settings settings_;
  std::unique_ptr<Spool> spool_;
};

}  // namespace godwit::spool
