// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/random.hpp"

#include <cstdlib>
#include <iterator>

#include <sys/random.h>

namespace godwit::base {

std::uint64_t Random::below(std::uint64_t bound) {
  // Rejects the incomplete last range, so that no value is likelier than another.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t value = next();
  while (value >= limit) value = next();
  return value % bound;
}

double Random::fraction() {
  return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

std::uint64_t SystemRandom::next() {
  const std::scoped_lock lock(mutex_);
  if (left_ == 0) {
    auto* target = reinterpret_cast<char*>(pool_);
    for (std::size_t done = 0; done < sizeof pool_;) {
      const ssize_t got = ::getrandom(target + done, sizeof pool_ - done, 0);
      if (got > 0)
        done += static_cast<std::size_t>(got);
      else if (errno != EINTR)
        std::abort();  // the kernel has had getrandom since 3.17
    }
    left_ = std::size(pool_);
  }
  return pool_[--left_];
}

std::uint64_t SeededRandom::next() {
  const std::scoped_lock lock(mutex_);
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

}  // namespace godwit::base
