// SPDX-License-Identifier: Apache-2.0
// What waits, what is due and what is under way: a data structure, no I/O, no clock.  An item is one message and one
// recipient domain (a transaction).  Not thread-safe: the dispatcher's reactor owns it.
//
// Promise: an item is in exactly one state from add() to remove(); check() proves it.  Every call costs O(log n); a
// destination without a free slot costs the others nothing.  The same calls give the same answers in every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/queue/settings.hpp"

namespace godwit::queue {

struct Key {
  base::MessageId id;
  std::string destination;  // recipient domain, lower case
  auto operator<=>(const Key&) const = default;
};

enum class State { waiting, due, active, held };
std::string_view to_string(State state);

struct Item {
  Key key;
  base::WallTime accepted{};
  base::WallTime next_attempt{};
  std::uint32_t attempts = 0;
  bool bounce = false;  // from <>: bounce_expire applies
  State state = State::waiting;
};

// Nothing can start before `until`; then ask again (empty: only after add, reschedule, remove, release or retry_now).
// When very many items become due at once, `until` may have passed already: let others run, then ask again.
struct SleepUntil {
  std::optional<base::WallTime> until;
};
using Due = std::variant<Item, SleepUntil>;

// due: as of the last call of Queue::due().
struct Counts {
  std::size_t items = 0, waiting = 0, due = 0, active = 0, held = 0, destinations = 0;
};

class Queue {
 public:
  explicit Queue(const Settings& settings);
  ~Queue();

  // state: waiting or held.  A key that is there already is refused (false).
  bool add(Item item);
  // The next item to deliver; it becomes active.  Respects connections and connections_per_destination; destinations
  // take turns.
  Due due(base::WallTime now);
  // An active item's attempt ended: it waits until next_attempt, or is gone.
  void reschedule(const Key& key, base::WallTime next_attempt, std::uint32_t attempts);
  void remove(const Key& key);   // also while active: its slot is free, a later reschedule() of it is ignored
  void hold(const Key& key);     // an active one becomes held when it ends by reschedule
  void release(const Key& key);  // held → due at once
  bool retry_now(const Key& key, base::WallTime now);  // waiting → due; false: not there, active or held
  void change_settings(const Settings& settings);

  const Item* find(const Key& key) const;  // nullptr: not there; valid until the next call of find()
  std::vector<Key> keys_of(base::MessageId id) const;
  Counts counts() const;
  // In order of message id, from the first id greater than `after`, until `each` gives false; for listings.
  void for_each(const std::function<bool(const Item&)>& each, base::MessageId after = {}) const;
  // Empty when every invariant holds, else what is wrong.
  std::string check() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// The schedule that reports go by, in the members that other mail has: nobody is warned that one is late.
RetrySettings schedule_of_bounces(const RetrySettings& settings);
// When to try again after attempt number `attempts` (1 = the first failed): first * factor^(attempts-1), at most max,
// ±10 % by `fraction` in [0,1).
base::Duration retry_delay(const RetrySettings& settings, std::uint32_t attempts, double fraction);
// Whether a message accepted then has been tried for long enough.
bool expired(const RetrySettings& settings, base::WallTime accepted, bool bounce, base::WallTime now);

}  // namespace godwit::queue
