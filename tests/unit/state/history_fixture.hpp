// SPDX-License-Identifier: Apache-2.0
// A history on a simulated disk, a log that counts its warnings, and a few events of messages.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "godwit/state/history.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"
#include "support/sim_disk.hpp"

namespace godwit::state {

using namespace std::chrono_literals;

class CountingLogger final : public log::Logger {
 public:
  bool enabled(log::Level) const override { return true; }
  void write(log::Level, std::string_view event, std::span<const log::Field>) override { ++count[std::string(event)]; }
  std::map<std::string, int> count;
};

class HistoryOnSimDisk : public ::testing::Test {
 protected:
  static constexpr const char* folder = "/state/history";

  void open() {
    history = std::make_unique<History>(folder, settings, disk, clock, log, io.get_executor(), index);
    history->start();
  }
  void close() {
    run(history->stop());
    history.reset();
    io.restart();
    io.poll();
  }
  void reopen() {
    close();
    open();
  }
  // The daemon dies at once, the machine goes on.
  void kill() {
    std::ignore = run(history->of({}));  // what waits is written
    history.reset();
    io.restart();
    io.poll();
    disk.crash(test::Loss::none, 1);
    open();
  }

  template <class T>
  T run(boost::asio::awaitable<T> task) {
    return testing::run_awaitable(io, std::move(task));
  }
  void run(boost::asio::awaitable<void> task) {
    auto ended = [](boost::asio::awaitable<void> inner) -> boost::asio::awaitable<bool> {
      co_await std::move(inner);
      co_return true;
    };
    testing::run_awaitable(io, ended(std::move(task)));
  }

  // From the next open() on.
  void with_index() {
    auto path = (std::filesystem::temp_directory_path() / "godwit-history-XXXXXX").string();
    index_folder.reset(new std::string(::mkdtemp(path.data())));
    index = {.path = *index_folder + "/history.sqlite", .executor = io.get_executor()};
  }
  // Requires: an index, and that nothing was added since open().
  void wait_indexed() {
    for (int turn = 0; turn < 1000; ++turn) {
      const auto counts = history->counts();
      if (counts.index_bytes > 0 && counts.behind == 0) return;
      io.restart();
      io.run_for(5ms);
    }
    FAIL() << history->counts().behind << " bytes are not indexed";
  }

  static base::MessageId id(std::uint64_t number) { return {0x5F00000000000 + number}; }
  void add(std::string_view event, std::uint64_t number, std::initializer_list<log::Field> more = {}) {
    std::vector<log::Field> fields{{"id", base::to_string(id(number))}};
    fields.insert(fields.end(), more.begin(), more.end());
    history->add(event, fields);
    clock.now += 1ms;
  }
  std::vector<HistoryEvent> of(std::uint64_t number) { return run(history->of(id(number))).value(); }
  std::vector<std::string> names(std::uint64_t number) {
    std::vector<std::string> names;
    for (const auto& event : of(number)) names.push_back(event.name);
    return names;
  }
  HistoryFound search(HistoryQuery query) { return run(history->search(std::move(query), base::no_deadline)).value(); }

  struct RemoveFolder {
    void operator()(const std::string* path) const {
      std::filesystem::remove_all(*path);
      delete path;
    }
  };

  std::unique_ptr<const std::string, RemoveFolder> index_folder;
  boost::asio::io_context io;
  test::SimDisk disk;
  testing::ManualClock clock;
  CountingLogger log;
  HistorySettings settings;
  std::optional<HistoryIndexPlace> index;  // nothing: there is none
  std::unique_ptr<History> history;
};

}  // namespace godwit::state
