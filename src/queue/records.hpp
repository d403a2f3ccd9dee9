// SPDX-License-Identifier: Apache-2.0
// What the queue keeps, named by indexes into slabs:
//
//   Record   an item
//   Group    a recipient domain and the way it takes (`via`): what moves from site to site as a whole
//   Flow     the due items of one sender in one group, in order
//   Turn     the flows of one sender in one site: senders take turns
//   Site     what really receives; has the limit
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "index_heap.hpp"
#include "limit.hpp"
#include "shares.hpp"
#include "slab.hpp"

namespace godwit::queue {

inline constexpr std::size_t states = 4;

struct Record {
  base::MessageId id;
  base::WallTime next_attempt{};
  base::WallTime deadline = never;
  std::uint32_t accepted = 0;  // seconds since 1970
  Index group = no_index;
  Sender sender{};
  std::uint32_t size = 0;  // saturates
  // due: in its flow, or in the list of overdue items; waiting: in its group's `stalled` where it is; held by a rule:
  // in the list of those.
  Links links{};
  Index position = no_index;  // in the timers
  std::uint16_t attempts = 0;
  State state = State::waiting;
  bool overdue : 1 = false;             // due, its deadline passed: comes out next
  bool stalled : 1 = false;             // waiting, and failed with its site
  bool by_rule : 1 = false;             // held, or to be held, by a rule
  bool urgent : 1 = false;              // the administrator wants it tried now: a site that is down is probed with it
  bool hold_when_finished : 1 = false;  // hold() came while active
  bool released : 1 = false;            // see Item

  std::uint64_t order() const { return id.value; }
};
static_assert(sizeof(Record) <= 56);

// (domain, via)
using GroupNames = std::map<std::pair<std::string, std::string>, Index, std::less<>>;
using SiteNames = std::map<std::string, Index, std::less<>>;

struct Group {
  GroupNames::iterator name;
  Index site = no_index;
  Links links{};  // in its site
  List flows{};
  List stalled{};
  std::array<std::uint32_t, states> counts{};
  bool suspended = false;

  std::uint32_t items() const { return counts[0] + counts[1] + counts[2] + counts[3]; }
};

struct Flow {
  Index group = no_index;
  Sender sender{};
  Index turn = no_index;  // none while its group is suspended
  List items{};
  Links links{};        // in its turn
  Links group_links{};  // in its group

  static std::uint64_t key_of(Index group, Sender sender) { return std::uint64_t{group} << 32U | sender.value; }
  std::uint64_t key() const { return key_of(group, sender); }
};

struct Turn {
  Index site = no_index;
  Sender sender{};
  List flows{};
  std::uint64_t number = 0;  // of its creation
  Index position = no_index;
  Links links{};

  static std::uint64_t key_of(Index site, Sender sender) { return std::uint64_t{site} << 32U | sender.value; }
  std::uint64_t key() const { return key_of(site, sender); }
  std::uint64_t order() const { return number; }
};

// The least is served next: of the highest priority, and there the least start tag.
struct TurnKey {
  std::uint32_t rank = 0;
  std::uint64_t start = 0;
  auto operator<=>(const TurnKey&) const = default;
};

// Which slots of a site are in use: the lowest free one is given.
class Slots {
 public:
  std::uint32_t take() {
    for (std::size_t word = 0; word < words_.size(); ++word)
      if (words_[word] != ~std::uint64_t{0}) return take(word);
    words_.push_back(0);
    return take(words_.size() - 1);
  }
  void free(std::uint32_t slot) { words_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64)); }
  std::size_t used() const {
    std::size_t count = 0;
    for (const auto word : words_) count += static_cast<std::size_t>(std::popcount(word));
    return count;
  }

 private:
  std::uint32_t take(std::size_t word) {
    const auto bit = static_cast<std::uint32_t>(std::countr_one(words_[word]));
    words_[word] |= std::uint64_t{1} << bit;
    return static_cast<std::uint32_t>(word * 64) + bit;
  }
  std::vector<std::uint64_t> words_;
};

struct Site {
  enum class Place : std::uint8_t {
    nowhere,   // nothing to start, or only after something has ended
    ready,     // in the ring of those that may start something now
    sleeping,  // among the site timers: until its rate or its next probe allows a start
    lingering  // among the site timers: has no items, but its limit knows something that is worth keeping
  };

  SiteNames::iterator name;
  Limit limit;
  IndexHeap<Turn, TurnKey> turns;
  std::uint64_t virtual_time = 0;
  std::uint64_t number = 0;  // of its creation
  std::uint64_t bytes = 0;   // of its grants that are out
  List groups{};
  Slots slots;
  Links links{};              // in the ring of its share
  Index position = no_index;  // in the site timers
  Place place = Place::nowhere;
  Share share = Share::routing;
  bool suspended = false;
  bool routed = false;  // it is known to be what really receives
  bool hangs = false;   // DNS gives no answer

  std::uint64_t order() const { return number; }
};

}  // namespace godwit::queue
