// SPDX-License-Identifier: Apache-2.0
// A hash table of slab indexes by a 64-bit key that the record itself holds (`key()`): open addressing, four bytes a
// slot, at most two thirds full.  Never iterated, so its order matters to nobody.
#pragma once

#include <cstdint>
#include <vector>

#include "slab.hpp"

namespace godwit::queue {

template <class T>
class IndexTable {
 public:
  Index find(const Slab<T>& slab, std::uint64_t key) const {
    if (slots_.empty()) return no_index;
    for (std::size_t at = home(key); slots_[at] != no_index; at = next(at))
      if (slab[slots_[at]].key() == key) return slots_[at];
    return no_index;
  }
  // Requires: the record's key is not there yet.
  void insert(const Slab<T>& slab, Index index) {
    if (3 * (size_ + 1) > 2 * slots_.size()) resize(slab, slots_.empty() ? 16 : 2 * slots_.size());
    put(slab, index);
    ++size_;
  }
  // Requires: it is there.  Before the record itself goes.
  void erase(const Slab<T>& slab, std::uint64_t key) {
    std::size_t hole = home(key);
    while (slab[slots_[hole]].key() != key) hole = next(hole);
    // Those behind that would not be found across a hole move up.
    for (std::size_t at = next(hole); slots_[at] != no_index; at = next(at)) {
      const std::size_t wanted = home(slab[slots_[at]].key());
      if (((at - wanted) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = no_index;
    --size_;
    if (slots_.size() > 64 && 8 * size_ < slots_.size()) resize(slab, slots_.size() / 4);
  }
  std::size_t size() const { return size_; }

 private:
  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  std::size_t home(std::uint64_t key) const {
    key = (key ^ (key >> 32U)) * 0x9E3779B97F4A7C15U;
    return (key >> 32U) & mask();
  }
  void put(const Slab<T>& slab, Index index) {
    std::size_t at = home(slab[index].key());
    while (slots_[at] != no_index) at = next(at);
    slots_[at] = index;
  }
  void resize(const Slab<T>& slab, std::size_t slots) {
    std::vector<Index> former(slots, no_index);
    former.swap(slots_);
    for (const Index index : former)
      if (index != no_index) put(slab, index);
  }

  std::vector<Index> slots_;
  std::size_t size_ = 0;
};

}  // namespace godwit::queue
