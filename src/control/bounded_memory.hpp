// SPDX-License-Identifier: Apache-2.0
// Memory for a JSON value while it is parsed: what its values take, many times the text where they are small, has a
// bound, and is reserved before it is taken.  Freed memory may be taken again, so what is reserved is the most that was
// ever in use.  Allocates on one thread; the value may be freed on another one later.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <utility>

#include <boost/json/memory_resource.hpp>

namespace godwit::control {

// Thrown where the bound is passed; where there is no room now it is another std::bad_alloc.
struct BeyondBound final : std::bad_alloc {};

class BoundedMemory final : public boost::json::memory_resource {
 public:
  // reserve: asked for each further byte count before it is taken; false: there is no room for it now.
  BoundedMemory(std::uint64_t most, std::function<bool(std::uint64_t)> reserve)
      : most_(most), reserve_(std::move(reserve)) {}

 private:
  void* do_allocate(std::size_t bytes, [[maybe_unused]] std::size_t alignment) override {
    take(bytes);
    try {
      assert(alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);  // of what JSON is made of
      return ::operator new(bytes);
    } catch (...) {
      used_ -= bytes;
      throw;
    }
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t /*alignment*/) override {
    ::operator delete(memory);
    used_ -= bytes;
  }
  bool do_is_equal(const boost::container::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }
  void take(std::size_t bytes) {
    if (bytes > most_ - used_) throw BeyondBound();
    const auto use = used_ + bytes;
    if (use > reserved_) {
      if (!reserve_(use - reserved_)) throw std::bad_alloc();
      reserved_ = use;
    }
    used_ = use;
  }

  const std::uint64_t most_;
  const std::function<bool(std::uint64_t)> reserve_;
  std::uint64_t used_ = 0, reserved_ = 0;
};

}  // namespace godwit::control
