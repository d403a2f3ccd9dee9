// SPDX-License-Identifier: Apache-2.0
// A stack with random access that grows and shrinks by chunks: never copies what it holds, never holds twice as much.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace godwit::queue {

template <class T>
class ChunkedVector {
 public:
  void push_back(const T& value) {
    if (size_ == chunks_.size() * chunk_size) chunks_.push_back(std::make_unique<T[]>(chunk_size));
    (*this)[size_++] = value;
  }
  void pop_back() {
    --size_;
    // One empty chunk is kept, for what goes up and down at a border.
    if (chunks_.size() * chunk_size - size_ > 2 * chunk_size) chunks_.pop_back();
  }
  T& operator[](std::size_t at) { return chunks_[at / chunk_size][at % chunk_size]; }
  const T& operator[](std::size_t at) const { return chunks_[at / chunk_size][at % chunk_size]; }
  const T& front() const { return (*this)[0]; }
  const T& back() const { return (*this)[size_ - 1]; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr std::size_t chunk_size = 4096;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace godwit::queue
