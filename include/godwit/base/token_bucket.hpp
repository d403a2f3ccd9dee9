// SPDX-License-Identifier: Apache-2.0
// A rate as a bucket of tokens: what the rate allows in its period may be taken at once, then it comes back steadily.
// Kept as the moment when the bucket would be full again (GCRA).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "godwit/base/clock.hpp"
#include "godwit/base/rate.hpp"

namespace godwit::base {

class TokenBucket {
 public:
  // Requires of each: rate.count > 0, count <= rate.count.
  bool has_token(const Rate& rate, MonoTime now) const { return wait(rate, now) <= Duration::zero(); }
  bool take(const Rate& rate, MonoTime now) {
    const bool taken = has_token(rate, now);
    if (taken) full_again_ = next(rate, 1, now);
    return taken;
  }
  // Takes `count` whether they are there or not, and gives how long it is until they are: never more than a period, so
  // that nobody is shut out for longer by what others did in his name at the same time.
  Duration owe(const Rate& rate, std::uint64_t count, MonoTime now) {
    full_again_ = std::min(next(rate, count, now), now + 2 * rate.period);
    return std::max(Duration::zero(), full_again_ - now - rate.period);
  }
  void give_back(const Rate& rate, std::uint64_t count) { full_again_ -= time_of(rate, count); }

  // Until there is a token; none: there is.
  Duration wait(const Rate& rate, MonoTime now) const {
    return std::max(Duration::zero(), next(rate, 1, now) - now - rate.period);
  }
  // Tokens that are not there; more than there ever are: they are owed.
  std::uint64_t used(const Rate& rate, MonoTime now) const {
    const auto open = static_cast<double>(std::max(Duration::zero(), full_again_ - now).count());
    return static_cast<std::uint64_t>(
        std::llround(open * static_cast<double>(rate.count) / static_cast<double>(rate.period.count())));
  }
  MonoTime full_again() const { return full_again_; }

 private:
  // What so many take to come back.  A byte of many may take less than a nanosecond.
  static Duration time_of(const Rate& rate, std::uint64_t count) {
    return Duration(static_cast<Duration::rep>(static_cast<double>(rate.period.count()) * static_cast<double>(count) /
                                               static_cast<double>(rate.count)));
  }
  MonoTime next(const Rate& rate, std::uint64_t count, MonoTime now) const {
    return std::max(full_again_, now) + time_of(rate, count);
  }

  MonoTime full_again_{};
};

}  // namespace godwit::base
