// SPDX-License-Identifier: Apache-2.0
// How much of one rate everybody has used, by key.  Bounded: where there is no room for another key, the one goes that
// would be free again soonest, so that a flood of new keys pushes out others that have done little, and nobody who is
// near his limit.  Keys that have everything back go by themselves.  Thread-safe: asked by every reactor; each key
// belongs to one of several parts, so that they seldom wait for each other.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/rate.hpp"
#include "godwit/base/token_bucket.hpp"

namespace godwit::policy {

class LimitTable {
 public:
  static constexpr std::size_t most_keys = 50'000;

  explicit LimitTable(const base::Rate& rate, std::size_t most = most_keys)
      : rate_(rate), most_in_part_(most < parts ? 1 : most / parts) {}

  const base::Rate& rate() const { return rate_; }

  // Takes one, and gives none; else how long it is until there is one, and nothing is taken.
  base::Duration take(std::string_view key, base::MonoTime now);
  // How long until there is one.
  base::Duration wait(std::string_view key, base::MonoTime now);
  // Takes as many as were used, whether they are there or not, but never more than a period's; gives how long no more
  // should be taken.
  base::Duration owe(std::string_view key, std::uint64_t count, base::MonoTime now);
  void give_back(std::string_view key);  // one that was taken

  struct Used {
    std::string key{};
    std::uint64_t used = 0;
    base::Duration wait{};        // until there is one
    base::Duration until_free{};  // until everything is back
  };
  // Those who have used most, the first first.
  std::vector<Used> fullest(std::size_t most, base::MonoTime now);
  // false: nothing is known of it.
  bool forget(std::string_view key);
  std::size_t keys();

  void note_refusal() { refusals_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t parts = 16;
  using Buckets = std::map<std::string, base::TokenBucket, std::less<>>;
  struct alignas(64) Part {
    std::mutex mutex;
    Buckets buckets;
    std::set<std::pair<base::MonoTime, std::string_view>> by_time;  // when each is full again; views of the keys
  };

  Part& part_of(std::string_view key);
  template <class Action>
  base::Duration use(std::string_view key, base::MonoTime now, Action action);
  void make_room(Part& part, base::MonoTime now) const;  // under the lock
  static void remove_first(Part& part);                  // likewise

  const base::Rate rate_;
  const std::size_t most_in_part_;
  std::array<Part, parts> parts_;
  std::atomic<std::uint64_t> refusals_ = 0;
};

}  // namespace godwit::policy
