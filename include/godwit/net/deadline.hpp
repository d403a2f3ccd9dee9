// SPDX-License-Identifier: Apache-2.0
// The deadlines of one reactor: a heap with at most one entry for each Deadline.  Arming is lazy: a later time only
// overwrites a field, and the entry moves when it comes up, so re-arming for every wait of a busy connection costs next
// to nothing. Pure (time comes in), so that a simulated host can drive it; a Reactor drives it from one steady_timer.
// One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "godwit/base/clock.hpp"

namespace godwit::net {

class Deadline;

class Deadlines {
 public:
  explicit Deadlines(const base::Clock& clock) : clock_(clock) {}
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;
  ~Deadlines();  // Deadlines left are unlinked and never pass

  base::MonoTime now() const { return clock_.mono(); }
  // When to call expire() next; no_deadline: nothing waits.  Never later than the earliest armed time.
  base::MonoTime next() const;
  // Calls the action of every deadline that has passed.
  void expire(base::MonoTime now);
  // `wake` is called whenever next() became earlier.
  void on_earlier(std::function<void()> wake) { wake_ = std::move(wake); }

 private:
  friend class Deadline;
  void insert(Deadline& deadline, base::MonoTime at);
  void remove(Deadline& deadline);
  void move_to(Deadline& deadline, base::MonoTime at);
  void sift_up(std::size_t index);
  void sift_down(std::size_t index);
  void place(std::size_t index, Deadline* deadline);

  const base::Clock& clock_;
  std::vector<Deadline*> heap_;
  std::function<void()> wake_;
};

// One thing that may time out.  The action runs on the reactor; it may arm, disarm or destroy any Deadline.
class Deadline {
 public:
  using Action = void (*)(void* context);
  Deadline(Deadlines& deadlines, Action action, void* context)
      : deadlines_(&deadlines), action_(action), context_(context) {}
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void arm(base::MonoTime when);  // forgets that an earlier time passed
  void disarm() { when_ = base::no_deadline; }
  bool passed() const { return passed_; }

 private:
  friend class Deadlines;
  static constexpr std::size_t not_queued = static_cast<std::size_t>(-1);

  Deadlines* deadlines_;
  Action action_;
  void* context_;
  base::MonoTime when_ = base::no_deadline;
  base::MonoTime queued_at_ = base::no_deadline;  // key in the heap; at most `when_`
  std::size_t index_ = not_queued;
  bool passed_ = false;
};

}  // namespace godwit::net
