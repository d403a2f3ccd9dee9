// SPDX-License-Identifier: Apache-2.0
// A heap for work that takes much memory and leaves little: what is left would lie scattered in pages that the work
// filled, and each such page stays with the process.
#pragma once

namespace godwit::daemon {

// While it lives, and until leave(), what this thread allocates comes from it.  What still lives when it is destroyed
// stays valid, and keeps its pages.  Does nothing where the allocator has but one heap.
class HeapApart {
 public:
  HeapApart();
  ~HeapApart();
  HeapApart(const HeapApart&) = delete;
  HeapApart& operator=(const HeapApart&) = delete;

  void leave();

 private:
  void* own_ = nullptr;
  void* before_ = nullptr;  // null: it was left
};

// What `make` returns, copied out of the heap that was used to make it.  It has to be all there is of it: a value whose
// copy shares nothing with it.
template <typename Make>
auto made_apart(const Make& make) {
  HeapApart apart;
  const auto made = make();
  apart.leave();
  auto copy = made;
  return copy;
}

}  // namespace godwit::daemon
