// SPDX-License-Identifier: Apache-2.0
// Records named by 32-bit indexes instead of pointers (half the size, same order in every run), and doubly linked lists
// threaded through them.  A deque, so that growing never copies a million records in one step.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <utility>
#include <vector>

namespace godwit::queue {

using Index = std::uint32_t;
inline constexpr Index no_index = std::numeric_limits<Index>::max();

template <class T>
class Slab {
 public:
  Index insert(T value) {
    if (free_.empty()) {
      records_.push_back(std::move(value));
      return static_cast<Index>(records_.size() - 1);
    }
    const Index index = free_.back();
    free_.pop_back();
    records_[index] = std::move(value);
    return index;
  }
  void erase(Index index) {
    records_[index] = T{};
    free_.push_back(index);
  }
  T& operator[](Index index) { return records_[index]; }
  const T& operator[](Index index) const { return records_[index]; }
  std::size_t size() const { return records_.size() - free_.size(); }

 private:
  std::deque<T> records_;
  std::vector<Index> free_;
};

// A record that can be in one list has a member `Links links`.
struct Links {
  Index previous = no_index;
  Index next = no_index;
};

struct List {
  Index first = no_index;
  Index last = no_index;
  bool empty() const { return first == no_index; }
};

template <class T>
void push_back(Slab<T>& slab, List& list, Index index) {
  slab[index].links = {list.last, no_index};
  (list.last == no_index ? list.first : slab[list.last].links.next) = index;
  list.last = index;
}

template <class T>
void unlink(Slab<T>& slab, List& list, Index index) {
  const Links links = slab[index].links;
  (links.previous == no_index ? list.first : slab[links.previous].links.next) = links.next;
  (links.next == no_index ? list.last : slab[links.next].links.previous) = links.previous;
  slab[index].links = {};
}

}  // namespace godwit::queue
