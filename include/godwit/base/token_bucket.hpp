// SPDX-License-Identifier: Apache-2.0
// A rate as a bucket of tokens: what the rate allows in its period may be taken at once, then it comes back steadily.
// Kept as the moment when the bucket would be full again (GCRA).
#pragma once

#include <algorithm>
#include <cstddef>

#include "godwit/base/clock.hpp"
#include "godwit/base/rate.hpp"

namespace godwit::base {

class TokenBucket {
 public:
  // Requires of each: rate.count > 0.
  bool has_token(const Rate& rate, MonoTime now) const { return next(rate, 1, now) - now <= rate.period; }
  bool take(const Rate& rate, MonoTime now) {
    const bool taken = has_token(rate, now);
    if (taken) full_again_ = next(rate, 1, now);
    return taken;
  }
  // Takes `count` whether they are there or not, and gives how long it is until they are.
  Duration owe(const Rate& rate, std::size_t count, MonoTime now) {
    full_again_ = next(rate, count, now);
    return std::max(Duration::zero(), full_again_ - now - rate.period);
  }

 private:
  MonoTime next(const Rate& rate, std::size_t count, MonoTime now) const {
    return std::max(full_again_, now) + rate.period / rate.count * static_cast<Duration::rep>(count);
  }

  MonoTime full_again_{};
};

}  // namespace godwit::base
