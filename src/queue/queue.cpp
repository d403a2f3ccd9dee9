// SPDX-License-Identifier: Apache-2.0
#include "godwit/queue/queue.hpp"

#include <array>
#include <map>
#include <set>
#include <utility>

#include "slab.hpp"
#include "timer_heap.hpp"

namespace godwit::queue {
namespace {

using DestinationNames = std::map<std::string, Index, std::less<>>;

// An Item with its destination as an index, and its place in the heap (waiting) or in its destination's list (due).
struct Record {
  base::MessageId id;
  base::WallTime accepted{};
  base::WallTime next_attempt{};
  std::uint32_t attempts = 0;
  Index destination = no_index;
  Index position = no_index;
  Links links{};
  State state = State::waiting;
  bool bounce = false;
  bool hold_when_finished = false;  // hold() came while active
};
static_assert(sizeof(Record) <= 56);

struct Destination {
  DestinationNames::iterator name;
  std::uint32_t items = 0;
  std::uint32_t active = 0;
  List due{};
  Links links{};       // in the ring of those that can start something
  bool ready = false;  // is in that ring
};

// How many items one call of due() moves from waiting to due before it lets its caller breathe: a fraction of a
// millisecond.
constexpr int moves_per_call = 1024;

}  // namespace

class Queue::Implementation {
 public:
  explicit Implementation(const Settings& settings) : settings_(settings) {}

  bool add(const Item& item) {
    if (by_id_.contains(item.key)) return false;
    const Index destination = intern(item.key.destination);
    const Index index = records_.insert({.id = item.key.id,
                                         .accepted = item.accepted,
                                         .next_attempt = item.next_attempt,
                                         .attempts = item.attempts,
                                         .destination = destination,
                                         .bounce = item.bounce});
    by_id_.insert({item.key.id, index});
    enter(index, item.state == State::held ? State::held : State::waiting);
    return true;
  }

  Due due(base::WallTime now) {
    int moves = 0;
    for (; moves < moves_per_call && next_is_due(now); ++moves) move(timers_.first(), State::due);
    if (count(State::active) >= settings_.connections) return SleepUntil{};
    if (!ring_.empty()) return start_next();
    if (timers_.empty()) return SleepUntil{};
    // After a full batch the first timer may have passed already: then the caller comes back at once.
    return SleepUntil{timers_.first_time()};
  }

  void reschedule(const Key& key, base::WallTime next_attempt, std::uint32_t attempts) {
    const Index index = index_of(key);
    if (index == no_index || records_[index].state != State::active) return;
    leave(index);
    Record& record = records_[index];
    record.next_attempt = next_attempt;
    record.attempts = attempts;
    enter(index, std::exchange(record.hold_when_finished, false) ? State::held : State::waiting);
  }

  void remove(const Key& key) {
    const Index index = index_of(key);
    if (index == no_index) return;
    leave(index);
    by_id_.erase({key.id, index});
    const Index destination = records_[index].destination;
    records_.erase(index);
    if (--destinations_[destination].items > 0) return;
    names_.erase(destinations_[destination].name);
    destinations_.erase(destination);
  }

  void hold(const Key& key) {
    const Index index = index_of(key);
    if (index == no_index) return;
    if (records_[index].state == State::active) {
      records_[index].hold_when_finished = true;
    } else {
      move(index, State::held);
    }
  }

  void release(const Key& key) {
    const Index index = index_of(key);
    if (index == no_index) return;
    records_[index].hold_when_finished = false;
    if (records_[index].state == State::held) move(index, State::due);
  }

  bool retry_now(const Key& key, base::WallTime now) {
    const Index index = index_of(key);
    if (index == no_index) return false;
    if (records_[index].state == State::due) return true;
    if (records_[index].state != State::waiting) return false;
    leave(index);
    records_[index].next_attempt = now;
    enter(index, State::due);
    return true;
  }

  void change_settings(const Settings& settings) {
    settings_ = settings;
    for (const auto& [name, destination] : names_) refresh(destination);
  }

  const Item* find(const Key& key) const {
    const Index index = index_of(key);
    if (index == no_index) return nullptr;
    found_ = item_of(index);
    return &found_;
  }

  std::vector<Key> keys_of(base::MessageId id) const {
    std::vector<Key> keys;
    for (auto at = by_id_.lower_bound(id); at != by_id_.end() && at->id == id; ++at)
      keys.push_back(item_of(at->index).key);
    return keys;
  }

  Counts counts() const {
    return {.items = by_id_.size(),
            .waiting = count(State::waiting),
            .due = count(State::due),
            .active = count(State::active),
            .held = count(State::held),
            .destinations = destinations_.size()};
  }

  void for_each(const std::function<bool(const Item&)>& each, base::MessageId after) const {
    for (auto at = by_id_.upper_bound(after); at != by_id_.end(); ++at)
      if (!each(item_of(at->index))) return;
  }

  std::string check() const;

 private:
  // By message id, then by the destination's name; also found by the id alone.
  struct Place {
    base::MessageId id;
    Index index;
  };
  struct ById {
    using is_transparent = void;
    const Implementation* queue;
    bool operator()(const Place& a, const Place& b) const {
      if (a.id != b.id) return a.id < b.id;
      return queue->name_of(a.index) < queue->name_of(b.index);
    }
    bool operator()(const Place& a, const Key& b) const {
      return a.id != b.id ? a.id < b.id : queue->name_of(a.index) < b.destination;
    }
    bool operator()(const Key& a, const Place& b) const {
      return a.id != b.id ? a.id < b.id : a.destination < queue->name_of(b.index);
    }
    bool operator()(const Place& a, base::MessageId b) const { return a.id < b; }
    bool operator()(base::MessageId a, const Place& b) const { return a < b.id; }
  };

  std::size_t count(State state) const { return counts_[static_cast<std::size_t>(state)]; }
  std::size_t& count(State state) { return counts_[static_cast<std::size_t>(state)]; }
  const std::string& name_of(Index record) const { return destinations_[records_[record].destination].name->first; }
  bool next_is_due(base::WallTime now) const { return !timers_.empty() && timers_.first_time() <= now; }

  Index index_of(const Key& key) const {
    const auto at = by_id_.find(key);
    return at == by_id_.end() ? no_index : at->index;
  }

  Item item_of(Index index) const {
    const Record& record = records_[index];
    return {.key = {record.id, name_of(index)},
            .accepted = record.accepted,
            .next_attempt = record.next_attempt,
            .attempts = record.attempts,
            .bounce = record.bounce,
            .state = record.state};
  }

  Index intern(const std::string& name) {
    const auto [at, added] = names_.try_emplace(name, no_index);
    if (added) at->second = destinations_.insert({.name = at});
    ++destinations_[at->second].items;
    return at->second;
  }

  // The ring holds exactly the destinations that have something due and a slot free.
  void refresh(Index index) {
    Destination& destination = destinations_[index];
    const bool ready = !destination.due.empty() && destination.active < settings_.connections_per_destination;
    if (ready == destination.ready) return;
    destination.ready = ready;
    if (ready) {
      push_back(destinations_, ring_, index);
    } else {
      unlink(destinations_, ring_, index);
    }
  }

  // Every change of state is leave() and enter().
  void leave(Index index) {
    const Record& record = records_[index];
    Destination& destination = destinations_[record.destination];
    --count(record.state);
    if (record.state == State::waiting) timers_.erase(index);
    if (record.state == State::due) unlink(records_, destination.due, index);
    if (record.state == State::active) --destination.active;
    refresh(record.destination);
  }
  void enter(Index index, State state) {
    Record& record = records_[index];
    Destination& destination = destinations_[record.destination];
    record.state = state;
    ++count(state);
    if (state == State::waiting) timers_.push(index);
    if (state == State::due) push_back(records_, destination.due, index);
    if (state == State::active) ++destination.active;
    refresh(record.destination);
  }
  void move(Index index, State state) {
    leave(index);
    enter(index, state);
  }

  Item start_next() {
    const Index index = ring_.first;
    Destination& destination = destinations_[index];
    unlink(destinations_, ring_, index);  // its turn is over: refresh() puts it at the end
    destination.ready = false;
    const Index record = destination.due.first;
    move(record, State::active);
    return item_of(record);
  }

  Settings settings_;
  Slab<Record> records_;
  DestinationNames names_;
  Slab<Destination> destinations_;
  std::set<Place, ById> by_id_{ById{this}};
  TimerHeap<Record> timers_{records_};
  List ring_;
  mutable Item found_;  // what find() points to: records are kept in another form
  std::array<std::size_t, 4> counts_{};
};

std::string Queue::Implementation::check() const {
  if (by_id_.size() != records_.size()) return "records that no index names";
  if (names_.size() != destinations_.size()) return "destinations that no name leads to";
  if (!timers_.valid()) return "timers out of order";
  struct Found {
    std::size_t items = 0, due = 0, active = 0;
  };
  std::map<Index, Found> found;
  std::array<std::size_t, 4> states{};
  for (const auto& [id, index] : by_id_) {
    const Record& record = records_[index];
    if (record.id != id) return "a record under another's id";
    Found& at = found[record.destination];
    ++at.items;
    ++states[static_cast<std::size_t>(record.state)];
    if (record.state == State::due) ++at.due;
    if (record.state == State::active) ++at.active;
    if ((record.state == State::waiting) != (record.position != no_index)) return "a timer for an item not waiting";
    if (record.hold_when_finished && record.state != State::active) return "a hold pending for an item not active";
  }
  if (states != counts_) return "counts differ from states";
  if (timers_.size() != count(State::waiting)) return "timers differ from waiting items";
  std::size_t ready = 0;
  for (const auto& [name, index] : names_) {
    const Destination& destination = destinations_[index];
    const Found& at = found[index];
    if (destination.name->first != name) return "a destination under another's name: " + name;
    if (at.items == 0 || destination.items != at.items) return "items miscounted of " + name;
    if (destination.active != at.active) return "active items miscounted of " + name;
    std::size_t due = 0;
    for (Index i = destination.due.first; i != no_index; i = records_[i].links.next, ++due)
      if (records_[i].state != State::due || records_[i].destination != index)
        return "a stranger in the list of " + name;
    if (due != at.due) return "due items missing from the list of " + name;
    const bool wanted = due > 0 && destination.active < settings_.connections_per_destination;
    if (destination.ready != wanted) return "not ready, or wrongly: " + name;
    if (destination.ready) ++ready;
  }
  for (Index i = ring_.first; i != no_index; i = destinations_[i].links.next) --ready;
  if (ready != 0) return "the ring differs from the ready destinations";
  return {};
}

std::string_view to_string(State state) {
  switch (state) {
    case State::waiting:
      return "waiting";
    case State::due:
      return "due";
    case State::active:
      return "active";
    case State::held:
      return "held";
  }
  return "unknown";
}

Queue::Queue(const Settings& settings) : implementation_(std::make_unique<Implementation>(settings)) {}
Queue::~Queue() = default;
bool Queue::add(Item item) {
  return implementation_->add(item);
}
Due Queue::due(base::WallTime now) {
  return implementation_->due(now);
}
void Queue::reschedule(const Key& key, base::WallTime next_attempt, std::uint32_t attempts) {
  implementation_->reschedule(key, next_attempt, attempts);
}
void Queue::remove(const Key& key) {
  implementation_->remove(key);
}
void Queue::hold(const Key& key) {
  implementation_->hold(key);
}
void Queue::release(const Key& key) {
  implementation_->release(key);
}
bool Queue::retry_now(const Key& key, base::WallTime now) {
  return implementation_->retry_now(key, now);
}
void Queue::change_settings(const Settings& settings) {
  implementation_->change_settings(settings);
}
const Item* Queue::find(const Key& key) const {
  return implementation_->find(key);
}
std::vector<Key> Queue::keys_of(base::MessageId id) const {
  return implementation_->keys_of(id);
}
Counts Queue::counts() const {
  return implementation_->counts();
}
void Queue::for_each(const std::function<bool(const Item&)>& each, base::MessageId after) const {
  implementation_->for_each(each, after);
}
std::string Queue::check() const {
  return implementation_->check();
}

}  // namespace godwit::queue
