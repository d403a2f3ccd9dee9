// SPDX-License-Identifier: Apache-2.0
#include "limit_table.hpp"

#include <algorithm>
#include <functional>

namespace godwit::policy {
namespace {

constexpr int swept_at_once = 2;  // of those that have everything back, for each that comes: so they become fewer

}  // namespace

LimitTable::Part& LimitTable::part_of(std::string_view key) {
  return parts_[std::hash<std::string_view>{}(key) % parts];
}

void LimitTable::remove_first(Part& part) {
  const auto first = part.by_time.begin();
  part.buckets.erase(part.buckets.find(first->second));
  part.by_time.erase(first);
}

void LimitTable::make_room(Part& part, base::MonoTime now) const {
  for (int i = 0; i < swept_at_once && !part.by_time.empty() && part.by_time.begin()->first <= now; ++i)
    remove_first(part);
  if (part.buckets.size() >= most_in_part_) remove_first(part);
}

// One that has everything is none: it is kept only where something was taken.
template <class Action>
base::Duration LimitTable::use(std::string_view key, base::MonoTime now, Action action) {
  auto& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  const auto found = part.buckets.find(key);
  base::TokenBucket bucket;
  if (found != part.buckets.end()) bucket = found->second;
  const auto before = bucket.full_again();
  const auto result = action(bucket);
  if (bucket.full_again() == before) return result;
  if (found != part.buckets.end()) {
    auto place = part.by_time.extract({before, found->first});
    place.value().first = bucket.full_again();
    part.by_time.insert(std::move(place));
    found->second = bucket;
    return result;
  }
  make_room(part, now);
  const auto made = part.buckets.emplace(key, bucket).first;
  part.by_time.emplace(bucket.full_again(), made->first);
  return result;
}

base::Duration LimitTable::take(std::string_view key, base::MonoTime now) {
  return use(key, now, [&](base::TokenBucket& bucket) {
    return bucket.take(rate_, now) ? base::Duration::zero() : bucket.wait(rate_, now);
  });
}

base::Duration LimitTable::wait(std::string_view key, base::MonoTime now) {
  return use(key, now, [&](const base::TokenBucket& bucket) { return bucket.wait(rate_, now); });
}

base::Duration LimitTable::owe(std::string_view key, std::uint64_t count, base::MonoTime now) {
  return use(key, now, [&](base::TokenBucket& bucket) { return bucket.owe(rate_, std::min(count, rate_.count), now); });
}

void LimitTable::give_back(std::string_view key) {
  auto& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  const auto found = part.buckets.find(key);
  if (found == part.buckets.end()) return;  // it has made room meanwhile
  auto place = part.by_time.extract({found->second.full_again(), found->first});
  found->second.give_back(rate_, 1);
  place.value().first = found->second.full_again();
  part.by_time.insert(std::move(place));
}

std::vector<LimitTable::Used> LimitTable::fullest(std::size_t most, base::MonoTime now) {
  std::vector<Used> all;
  const auto is_fuller = [](const Used& a, const Used& b) {
    return a.until_free != b.until_free ? a.until_free > b.until_free : a.key < b.key;
  };
  for (auto& part : parts_) {
    const std::lock_guard lock(part.mutex);
    std::size_t taken = 0;
    for (auto at = part.by_time.rbegin(); at != part.by_time.rend() && at->first > now && taken < most; ++at, ++taken) {
      const auto& bucket = part.buckets.find(at->second)->second;
      all.push_back({.key = std::string(at->second),
                     .used = bucket.used(rate_, now),
                     .wait = bucket.wait(rate_, now),
                     .until_free = at->first - now});
    }
  }
  std::ranges::sort(all, is_fuller);
  if (all.size() > most) all.resize(most);
  return all;
}

bool LimitTable::forget(std::string_view key) {
  auto& part = part_of(key);
  const std::lock_guard lock(part.mutex);
  const auto found = part.buckets.find(key);
  if (found == part.buckets.end()) return false;
  part.by_time.erase({found->second.full_again(), found->first});
  part.buckets.erase(found);
  return true;
}

std::size_t LimitTable::keys() {
  std::size_t sum = 0;
  for (auto& part : parts_) {
    const std::lock_guard lock(part.mutex);
    sum += part.buckets.size();
  }
  return sum;
}

}  // namespace godwit::policy
