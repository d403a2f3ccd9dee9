// SPDX-License-Identifier: Apache-2.0
// A binary heap of slab indexes, least key first, that knows where each one lies so that any can be taken out.  The
// record has `Index position` (kept here; no_index: not in the heap) and `order()`, which decides between equal keys.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "slab.hpp"

namespace godwit::queue {

template <class T, class Key, template <class...> class Storage = std::vector>
class IndexHeap {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  Index first() const { return heap_.front().index; }
  const Key& first_key() const { return heap_.front().key; }

  void push(Slab<T>& slab, Index index, Key key) {
    heap_.push_back({std::move(key), index});
    slab[index].position = static_cast<Index>(heap_.size() - 1);
    up(slab, heap_.size() - 1);
  }
  // Requires: the record is in the heap.
  void erase(Slab<T>& slab, Index index) {
    const std::size_t hole = slab[index].position;
    slab[index].position = no_index;
    const Entry moved = heap_.back();
    heap_.pop_back();
    if (moved.index == index) return;
    place(slab, hole, moved);
    up(slab, hole);
    down(slab, slab[moved.index].position);
  }
  // Every key becomes what `change` makes of it, which keeps their order.
  template <class Change>
  void change_keys(Change change) {
    for (std::size_t i = 0; i < heap_.size(); ++i) heap_[i].key = change(heap_[i].key);
  }
  const Key& key_of(const Slab<T>& slab, Index index) const { return heap_[slab[index].position].key; }
  Index at(std::size_t place) const { return heap_[place].index; }
  // Whether every record lies after its parent and knows its place.
  bool valid(const Slab<T>& slab) const {
    for (std::size_t i = 0; i < heap_.size(); ++i) {
      if (slab[heap_[i].index].position != i) return false;
      if (i > 0 && earlier(slab, heap_[i], heap_[(i - 1) / 2])) return false;
    }
    return true;
  }

 private:
  struct Entry {
    Key key;
    Index index;
  };

  bool earlier(const Slab<T>& slab, const Entry& a, const Entry& b) const {
    if (a.key != b.key) return a.key < b.key;
    return std::pair(slab[a.index].order(), a.index) < std::pair(slab[b.index].order(), b.index);
  }
  void place(Slab<T>& slab, std::size_t at, const Entry& entry) {
    heap_[at] = entry;
    slab[entry.index].position = static_cast<Index>(at);
  }
  void up(Slab<T>& slab, std::size_t at) {
    const Entry entry = heap_[at];
    for (; at > 0 && earlier(slab, entry, heap_[(at - 1) / 2]); at = (at - 1) / 2) place(slab, at, heap_[(at - 1) / 2]);
    place(slab, at, entry);
  }
  void down(Slab<T>& slab, std::size_t at) {
    const Entry entry = heap_[at];
    for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && earlier(slab, heap_[child + 1], heap_[child])) ++child;
      if (!earlier(slab, heap_[child], entry)) break;
      place(slab, at, heap_[child]);
      at = child;
    }
    place(slab, at, entry);
  }

  Storage<Entry> heap_;
};

}  // namespace godwit::queue
