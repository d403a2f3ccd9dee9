// SPDX-License-Identifier: Apache-2.0
// A binary heap of slab indexes, earliest first, that knows where each one lies so that any can be taken out.  The
// record has `position` (kept here) and operator< is given by `Earlier`.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "godwit/base/clock.hpp"
#include "slab.hpp"

namespace godwit::queue {

template <class T>
class TimerHeap {
 public:
  explicit TimerHeap(Slab<T>& slab) : slab_(slab) {}

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  Index first() const { return heap_.front().index; }
  base::WallTime first_time() const { return heap_.front().time; }

  void push(Index index) {
    heap_.push_back({slab_[index].next_attempt, index});
    slab_[index].position = static_cast<Index>(heap_.size() - 1);
    up(heap_.size() - 1);
  }
  // Requires: the record is in the heap.
  void erase(Index index) {
    const std::size_t hole = slab_[index].position;
    slab_[index].position = no_index;
    const Timer moved = heap_.back();
    heap_.pop_back();
    if (moved.index == index) return;
    place(hole, moved);
    up(hole);
    down(slab_[moved.index].position);
  }
  // Whether every record lies after its parent and knows its place.
  bool valid() const {
    for (std::size_t i = 0; i < heap_.size(); ++i) {
      if (slab_[heap_[i].index].position != i || slab_[heap_[i].index].next_attempt != heap_[i].time) return false;
      if (i > 0 && earlier(heap_[i], heap_[(i - 1) / 2])) return false;
    }
    return true;
  }

 private:
  struct Timer {
    base::WallTime time;
    Index index;
  };

  bool earlier(const Timer& a, const Timer& b) const {
    if (a.time != b.time) return a.time < b.time;
    const auto id_of = [this](const Timer& timer) { return slab_[timer.index].id; };
    return std::pair(id_of(a), a.index) < std::pair(id_of(b), b.index);
  }
  void place(std::size_t at, const Timer& timer) {
    heap_[at] = timer;
    slab_[timer.index].position = static_cast<Index>(at);
  }
  void up(std::size_t at) {
    const Timer timer = heap_[at];
    for (; at > 0 && earlier(timer, heap_[(at - 1) / 2]); at = (at - 1) / 2) place(at, heap_[(at - 1) / 2]);
    place(at, timer);
  }
  void down(std::size_t at) {
    const Timer timer = heap_[at];
    for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && earlier(heap_[child + 1], heap_[child])) ++child;
      if (!earlier(heap_[child], timer)) break;
      place(at, heap_[child]);
      at = child;
    }
    place(at, timer);
  }

  Slab<T>& slab_;
  std::vector<Timer> heap_;
};

}  // namespace godwit::queue
