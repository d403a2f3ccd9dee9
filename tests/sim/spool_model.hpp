// SPDX-License-Identifier: Apache-2.0
// A recorded workload on a spool over the simulated disk, and what must be true of the spool afterwards, whatever
// happened in between.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "godwit/spool/spool.hpp"
#include "sim/event_logger.hpp"
#include "sim/ledger.hpp"
#include "support/sim_disk.hpp"

namespace godwit::test {

class TickClock final : public base::Clock {
 public:
  explicit TickClock(std::int64_t& ticks) : ticks_(ticks) {}
  base::WallTime wall() const override { return base::WallTime(std::chrono::seconds(1'700'000'000) + tick()); }
  base::MonoTime mono() const override { return base::MonoTime(tick()); }

 private:
  base::Duration tick() const { return std::chrono::microseconds(++ticks_); }
  std::int64_t& ticks_;
};

inline constexpr std::uint64_t small_segment = 64U << 10U;

class World {
 public:
  World(SimDisk& disk, Ledger& ledger, std::uint64_t seed);
  ~World();

  struct Sizes {
    std::uint64_t memory = 64U << 10U;  // with little most reads go to the disk
    std::uint64_t segment = small_segment;
    std::uint64_t inline_limit = 6000;
  };
  // Opens a spool, or says why not.
  base::Result<> open() { return open(Sizes{}); }
  base::Result<> open(Sizes sizes);
  // `rounds` of commits (inline and large), updates, dones and listings, all beside each other and beside what they
  // make compaction do; gives up when the spool fails.  `settled`: of a hundred open messages, those that are done in a
  // round.
  void work(int rounds, unsigned settled = 50);
  // So many senders, each of which commits one message after the other, with bodies below that size.
  void load(std::size_t senders, int messages, std::size_t body,
            const std::function<void(base::MessageId)>& on_acknowledged);
  void stop();
  // Called with each rest of work in the background.
  void on_pause(std::function<void(base::Duration)> resting) { on_pause_ = std::move(resting); }
  // Everything acknowledged is there, byte for byte; nothing finished is; the rest is whole or not at all.  Empty: all
  // true.
  std::string check();
  spool::Spool& spool() { return *spool_; }
  bool fatal() const { return fatal_; }

  template <class T>
  T run(boost::asio::awaitable<T> task);
  spool::Accepted<base::MessageId> commit_one(std::size_t size);
  void record_update(base::MessageId id, mail::Update update);
  void finish(base::MessageId id);
  const EventLogger& log() const { return log_; }

 private:
  boost::asio::awaitable<spool::Accepted<base::MessageId>> commit(std::string body, mail::Envelope envelope);
  boost::asio::awaitable<bool> commit_meanwhile(std::string body, mail::Envelope envelope, std::uint64_t turns);
  mail::Envelope make_envelope();
  std::string make_body(std::size_t size);
  std::size_t body_size();
  boost::asio::awaitable<bool> update_meanwhile(unsigned settled, std::uint64_t turns);
  void update(base::MessageId id, unsigned settled);
  mail::Update some_recipients(const mail::Envelope& now);
  boost::asio::awaitable<std::string> list_meanwhile();
  void settle(const std::set<base::MessageId>& live);
  std::string check_message(const spool::Summary& listed);

  SimDisk& disk_;
  Ledger& ledger_;
  base::SeededRandom random_;
  TickClock clock_;
  EventLogger log_;
  std::string wrong_;  // what a listing beside the work saw
  boost::asio::io_context context_;
  std::unique_ptr<spool::Spool> spool_;
  bool fatal_ = false;
  std::function<void(base::Duration)> on_pause_ = [](base::Duration) {};
};

template <class T>
T World::run(boost::asio::awaitable<T> task) {
  std::optional<T> result;
  boost::asio::co_spawn(context_, std::move(task), [&](std::exception_ptr failed, T value) {
    if (failed) std::rethrow_exception(failed);
    result.emplace(std::move(value));
  });
  context_.restart();
  context_.run();
  if (!result) throw std::logic_error("the spool never answered");
  return std::move(*result);
}

}  // namespace godwit::test
