// SPDX-License-Identifier: Apache-2.0
// A map of bounded size: what was touched longest ago makes room.  Not thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <utility>

namespace godwit::base {

template <class Key, class Value>
class RecentMap {
 public:
  explicit RecentMap(std::size_t most) : most_(most) {}

  // Null: not there.
  Value* find(const Key& key) {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->second;
  }
  // The value, new where there was none; it is now the youngest.
  Value& touch(const Key& key) {
    const auto found = places_.find(key);
    if (found != places_.end()) {
      values_.splice(values_.begin(), values_, found->second);
      return values_.front().second;
    }
    if (values_.size() >= most_) {
      places_.erase(values_.back().first);
      values_.pop_back();
    }
    values_.emplace_front(key, Value{});
    places_.emplace(key, values_.begin());
    return values_.front().second;
  }
  void erase(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    values_.erase(found->second);
    places_.erase(found);
  }
  // Pairs, the youngest first.
  const std::list<std::pair<Key, Value>>& values() const { return values_; }

 private:
  std::size_t most_;
  std::list<std::pair<Key, Value>> values_;
  std::map<Key, typename std::list<std::pair<Key, Value>>::iterator> places_;
};

}  // namespace godwit::base
