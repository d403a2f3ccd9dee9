// SPDX-License-Identifier: Apache-2.0
// Records named by 32-bit indexes instead of pointers (half the size, same order in every run), and doubly linked lists
// threaded through them.  In chunks, so that growing never copies a million records in one step and no record is an
// allocation of its own.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace godwit::queue {

using Index = std::uint32_t;
inline constexpr Index no_index = std::numeric_limits<Index>::max();

struct Links {
  Index previous = no_index;
  Index next = no_index;
};

struct List {
  Index first = no_index;
  Index last = no_index;
  bool empty() const { return first == no_index; }
};

// T has a member `Links links`; of a free record it leads to the next free one.
template <class T>
class Slab {
 public:
  Index insert(T value) {
    Index index = free_;
    if (index == no_index) {
      if (end_ == chunks_.size() * chunk_size) chunks_.push_back(std::make_unique<T[]>(chunk_size));
      index = end_++;
    } else {
      free_ = (*this)[index].links.next;
    }
    (*this)[index] = std::move(value);
    ++size_;
    return index;
  }
  void erase(Index index) {
    (*this)[index] = T{};
    (*this)[index].links.next = free_;
    free_ = index;
    if (--size_ > 0) return;
    // All gone: the memory of a great many goes too.
    free_ = no_index;
    end_ = 0;
    chunks_.resize(std::min<std::size_t>(chunks_.size(), 1));
  }
  T& operator[](Index index) { return chunks_[index / chunk_size][index % chunk_size]; }
  const T& operator[](Index index) const { return chunks_[index / chunk_size][index % chunk_size]; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t chunk_size = std::bit_floor((std::size_t{64} << 10U) / sizeof(T));

  std::vector<std::unique_ptr<T[]>> chunks_;
  Index free_ = no_index;
  Index end_ = 0;
  std::size_t size_ = 0;
};

// `member`: the links of the list in question, where a record can be in several.
template <class T>
void push_back(Slab<T>& slab, List& list, Index index, Links T::*member = &T::links) {
  slab[index].*member = {list.last, no_index};
  (list.last == no_index ? list.first : (slab[list.last].*member).next) = index;
  list.last = index;
}

template <class T>
void push_front(Slab<T>& slab, List& list, Index index, Links T::*member = &T::links) {
  slab[index].*member = {no_index, list.first};
  (list.first == no_index ? list.last : (slab[list.first].*member).previous) = index;
  list.first = index;
}

template <class T>
void unlink(Slab<T>& slab, List& list, Index index, Links T::*member = &T::links) {
  const Links links = slab[index].*member;
  (links.previous == no_index ? list.first : (slab[links.previous].*member).next) = links.next;
  (links.next == no_index ? list.last : (slab[links.next].*member).previous) = links.previous;
  slab[index].*member = {};
}

}  // namespace godwit::queue
