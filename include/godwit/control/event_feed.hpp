// SPDX-License-Identifier: Apache-2.0
// The events of messages as they are logged, for whoever listens at GET /v1/events.  add() may be called from any
// thread and never blocks; while nobody listens it costs one look.  The rest belongs to the home reactor.  Everything
// is bounded: who reads too slowly loses events, and is told how many.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/signal.hpp"

namespace godwit::control {

class EventFeed {
 public:
  static constexpr std::size_t most_listeners = 16;
  static constexpr std::size_t most_waiting = 1000;                 // events of one listener
  static constexpr std::size_t most_waiting_bytes = 1U << 20U;      // likewise
  static constexpr std::size_t most_on_the_way = 4 * most_waiting;  // to the home reactor

  class Subscription {
   public:
    // `event`: only those of this name; empty: all.
    Subscription(EventFeed& feed, std::string event);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    // What came since, as server-sent events; waits until something does.  Errors: timed_out, cancelled.
    boost::asio::awaitable<base::Result<std::string>> next(base::MonoTime deadline);
    // The wait under way and all later ones end with `cancelled`.
    void end() { arrived_.cancel(); }

   private:
    friend class EventFeed;
    void add(std::string_view event, const std::string& json);
    void lose(std::uint64_t count);

    EventFeed& feed_;
    const std::string event_;
    std::list<Subscription*>::iterator place_;
    net::Signal arrived_;
    std::deque<std::string> waiting_;
    std::size_t waiting_bytes_ = 0;
    std::uint64_t lost_ = 0;
  };

  // All outlive the feed, and the feed its subscriptions.
  EventFeed(boost::asio::any_io_executor home, net::Deadlines& deadlines, const base::Clock& clock)
      : home_(std::move(home)), deadlines_(deadlines), clock_(clock) {}

  // Of what begins with the field `id`.
  void add(log::Level level, std::string_view event, std::span<const log::Field> fields);
  // Null: too many listen.
  std::shared_ptr<Subscription> subscribe(std::string event);

 private:
  void spread(const std::string& event, const std::string& json);

  boost::asio::any_io_executor home_;
  net::Deadlines& deadlines_;
  const base::Clock& clock_;
  std::list<Subscription*> subscriptions_;
  std::atomic<std::size_t> listeners_ = 0;  // the size of subscriptions_
  std::atomic<std::size_t> on_the_way_ = 0;
  std::atomic<std::uint64_t> lost_ = 0;  // on the way
};

// A log whose lines go to those who listen, too.  Any thread.
class FeedingLogger final : public log::Logger {
 public:
  // Both outlive it.
  FeedingLogger(log::Logger& log, EventFeed& feed) : log_(log), feed_(feed) {}

  bool enabled(log::Level level) const override { return log_.enabled(level); }
  void write(log::Level level, std::string_view event, std::span<const log::Field> fields) override {
    feed_.add(level, event, fields);
    log_.write(level, event, fields);
  }

 private:
  log::Logger& log_;
  EventFeed& feed_;
};

}  // namespace godwit::control
