// SPDX-License-Identifier: Apache-2.0
// A dispatcher in virtual time, with mail for domains whose messages are discarded.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "godwit/dispatch/dispatcher.hpp"
#include "godwit/lookup/table.hpp"
#include "support/fake_resolver.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"
#include "support/sim_disk.hpp"
#include "unit/dispatch/fake_spool.hpp"

namespace godwit::dispatch {

using namespace std::chrono_literals;

// Time passes only when a test says so.
class StandingNetwork final : public net::Network {
 public:
  StandingNetwork(boost::asio::any_io_executor executor, net::Deadlines& deadlines)
      : executor_(std::move(executor)), deadlines_(deadlines) {}
  net::Task<std::unique_ptr<net::Stream>> connect(base::Endpoint, net::ConnectOptions) override {
    co_return base::fail(base::ErrorKind::refused, "connection refused");
  }
  net::Task<> sleep_until(base::MonoTime until) override {
    net::Signal never(executor_, deadlines_);
    static_cast<void>(co_await never.wait(until));
    co_return base::Result<>();
  }
  base::MonoTime now() const override { return deadlines_.now(); }

 private:
  boost::asio::any_io_executor executor_;
  net::Deadlines& deadlines_;
};

inline std::shared_ptr<const route::Router> router_of(route::Settings settings, route::Lookups lookups = {}) {
  settings.hostname = "mail.example";
  return std::make_shared<const route::Router>(std::move(settings), std::move(lookups), std::vector<base::Endpoint>{});
}

inline route::Settings discarding() {
  route::Settings settings;
  for (const char* domain : {"a.example", "b.example"})
    settings.domains[domain].deliver.kind = route::DeliverKind::discard;
  return settings;
}

// Has a store for everybody, and takes its time.
class SlowStores final : public lookup::Table {
 public:
  explicit SlowStores(net::Network& network) : network_(network) {}
  const std::string& name() const override { return name_; }
  std::optional<lookup::Answer> recall(const std::string&) override { return {}; }
  boost::asio::awaitable<lookup::Answer> ask(std::string) override {
    auto slept = co_await network_.sleep_until(network_.now() + 10s);
    co_return lookup::present({"maildir:/stores/{local}"});
  }

 private:
  net::Network& network_;
  std::string name_ = "stores";
};

class DispatcherTest : public ::testing::Test {
 protected:
  DispatcherTest() {
    spawn([this]() -> boost::asio::awaitable<void> {
      auto starting = dispatcher_.start();
      const auto started = co_await std::move(starting);
      EXPECT_TRUE(started);
    });
    poll();
  }
  ~DispatcherTest() override {
    spawn([this]() -> boost::asio::awaitable<void> { co_await dispatcher_.stop(clock_.now); });
    poll();
    pass(1h);  // all who sleep wake up and see it
  }

  template <class F>
  void spawn(F task) {
    boost::asio::co_spawn(io_, std::move(task), [](std::exception_ptr failed) {
      if (failed) std::rethrow_exception(failed);
    });
  }
  void poll() {
    io_.restart();
    io_.poll();
  }
  void pass(base::Duration time) {
    for (const auto end = clock_.now + time; clock_.now < end;) {
      clock_.now = std::min(end, deadlines_.next());
      deadlines_.expire(clock_.now);
      poll();
    }
  }

  base::MessageId commit(const std::vector<std::string>& domains) {
    mail::Envelope envelope;
    envelope.accepted = clock_.wall();
    for (const auto& domain : domains) envelope.recipients.emplace_back().address = {"r", domain};
    return commit(std::move(envelope));
  }
  base::MessageId commit(mail::Envelope envelope) {
    const auto id = hand_in(std::move(envelope));
    poll();
    return id;
  }
  base::MessageId hand_in(mail::Envelope envelope) {
    const base::MessageId id{++last_};
    envelope.sender = smtp::Mailbox{"s", "x.example"};
    envelope.next_attempt = clock_.wall();
    spool_.envelopes[id] = envelope;
    dispatcher_.committed(std::make_shared<const spool::StoredMessage>(
        spool::StoredMessage{.id = id, .envelope = std::move(envelope), .body = std::make_shared<EmptyBody>()}));
    return id;
  }
  mail::Envelope of_priority(int priority) const {
    mail::Envelope envelope;
    envelope.accepted = clock_.wall();
    envelope.priority = static_cast<std::int8_t>(priority);
    envelope.recipients.emplace_back().address = {"r", "a.example"};
    return envelope;
  }
  using Order = boost::asio::awaitable<base::Result<>>;
  // False: refused, or not done yet.
  bool is_done(Order order) {
    const auto done = std::make_shared<bool>(false);
    auto following = [](Order ordered, std::shared_ptr<bool> result) -> boost::asio::awaitable<void> {
      const auto answer = co_await std::move(ordered);
      *result = answer.has_value();
    };
    boost::asio::co_spawn(io_, following(std::move(order), done), [](const std::exception_ptr& failed) {
      if (failed) std::rethrow_exception(failed);
    });
    poll();
    return *done;
  }
  bool remove(base::MessageId id, Selector recipients) {
    return is_done(dispatcher_.remove(id, std::move(recipients)));
  }
  bool retry(base::MessageId id, Selector meant = {}) { return is_done(dispatcher_.retry(id, std::move(meant))); }
  // What the spool was told, as "0 delivered" for each recipient.
  std::vector<std::string> told() const {
    std::vector<std::string> all;
    for (const auto& [id, update] : spool_.updates)
      for (const auto& change : update.recipients)
        all.push_back(std::to_string(change.index) + " " + std::string(to_string(change.state)));
    return all;
  }

  std::vector<base::MessageId> updated() const {
    std::vector<base::MessageId> ids;
    for (const auto& [id, update] : spool_.updates) ids.push_back(id);
    return ids;
  }
  Surroundings surroundings(log::Logger& log = log::null_logger()) {
    return {.home = io_.get_executor(),
            .network = network_,
            .resolver = resolver_,
            .spool = spool_,
            .maildir = maildir_,
            .lanes = {{.executor = io_.get_executor()}},
            .clock = clock_,
            .random = random_,
            .log = log};
  }

  testing::ManualClock clock_;
  net::Deadlines deadlines_{clock_};
  boost::asio::io_context io_;
  StandingNetwork network_{io_.get_executor(), deadlines_};
  testing::FakeResolver resolver_;
  FakeSpool spool_;
  base::SeededRandom random_{1};
  test::SimDisk disk_;
  deliver::MaildirAgent maildir_{
      {}, "mail.example", disk_, clock_, random_, io_.get_executor(), io_.get_executor(), deadlines_};
  Dispatcher dispatcher_{Settings{}, router_of(discarding()), surroundings()};
  std::uint64_t last_ = 0;
};
using Told = std::vector<std::string>;

}  // namespace godwit::dispatch
