// SPDX-License-Identifier: Apache-2.0
// Virtual time, and whose turn it is: one thread runs the contexts of all hosts and whatever happens between them, one
// handler after the other, in an order that the seed chooses.  Time moves only when nothing can run.  All that happens
// goes into the trace, of which a hash is kept: the same seed gives the same hash.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/net/deadline.hpp"

namespace godwit::sim {

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}

  base::MonoTime now() const { return now_; }
  base::Random& random() { return random_; }
  bool chance(unsigned percent) { return random_.below(100) < percent; }
  base::Duration between(base::Duration least, base::Duration most);

  // Whatever refers to things that may end first asks whether they are still there.
  void at(base::MonoTime when, std::function<void()> what);
  void after(base::Duration wait, std::function<void()> what) { at(now_ + wait, std::move(what)); }

  // What a host's life runs on; none of them twice.
  void add(boost::asio::io_context& context) { contexts_.push_back(&context); }
  void add(net::Deadlines& deadlines) { deadlines_.push_back(&deadlines); }
  void remove(boost::asio::io_context& context) { std::erase(contexts_, &context); }
  void remove(net::Deadlines& deadlines) { std::erase(deadlines_, &deadlines); }

  // One handler, or else the next thing in time.  False: nothing is left that could happen.  May be called from inside
  // an event (a host that waits while it starts or stops), not from inside a handler.
  bool step();
  void run_until(base::MonoTime end);
  // Called before each step, but for those inside of events.
  void before_step(std::function<void()> what) { before_step_ = std::move(what); }

  void note(std::string_view what);
  std::uint64_t trace() const { return trace_; }
  std::uint64_t steps() const { return steps_; }
  // Prints the trace, too.
  void print_trace(bool print) { prints_ = print; }

 private:
  struct Event {
    base::MonoTime when;
    std::uint64_t number;
    std::function<void()> what;
    bool operator<(const Event& other) const { return when != other.when ? when > other.when : number > other.number; }
  };

  bool run_handler();
  bool move_time();
  void happen();

  base::SeededRandom random_;
  base::MonoTime now_{std::chrono::hours(1)};
  std::priority_queue<Event> events_;
  std::uint64_t numbers_ = 0;
  std::vector<boost::asio::io_context*> contexts_;
  std::vector<net::Deadlines*> deadlines_;
  std::size_t turn_ = 0;
  std::function<void()> before_step_;
  bool inside_ = false;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_now_ = 0;
  std::uint64_t trace_ = 1469598103934665603U;
  bool prints_ = false;
};

}  // namespace godwit::sim
