// SPDX-License-Identifier: Apache-2.0
// Bounds a whole phase of a connection beside each of its waits: a peer that gives or takes one byte a second never
// lets a single wait run out, and would hold the connection for days.  The phase begins with a budget of time; waiting
// for the peer spends it, every byte earns 1/rate seconds back, and it never grows beyond what it began with (so that a
// fast start pays for no endless tail).  Only waits for the peer count, not what we do meanwhile.  Used by server/ for
// message data and by deliver/ for bodies; RFC 5321 section 4.5.3.2 bounds the single waits only.  Pure; one reactor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "godwit/base/clock.hpp"

namespace godwit::net {

class Pace {
 public:
  // bytes_per_second 0: no bound.
  Pace(std::uint64_t bytes_per_second, base::Duration budget)
      : rate_(bytes_per_second), budget_(budget), left_(budget) {}

  // When the budget is spent, for a wait that begins now.
  base::MonoTime deadline(base::MonoTime now) const { return rate_ == 0 ? base::no_deadline : now + left_; }

  // A wait took so long and moved so many bytes.
  void count(base::Duration waited, std::size_t bytes) {
    if (rate_ == 0) return;
    const auto enough = static_cast<std::uint64_t>(budget_ / std::chrono::seconds(1) + 1) * rate_;
    const auto counted = static_cast<base::Duration::rep>(std::min<std::uint64_t>(bytes, enough));
    const auto earned = std::chrono::seconds(1) * counted / static_cast<base::Duration::rep>(rate_);
    left_ = std::clamp(left_ - waited + earned, base::Duration::zero(), budget_);
  }

 private:
  std::uint64_t rate_;
  base::Duration budget_;
  base::Duration left_;
};

}  // namespace godwit::net
