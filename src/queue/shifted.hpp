// SPDX-License-Identifier: Apache-2.0
// A time after the clock was set: as far ahead, or behind, as before.  Pure.
#pragma once

#include "godwit/queue/queue.hpp"

namespace godwit::queue {

// `never` stays, and nothing else becomes it.
constexpr base::WallTime shifted(base::WallTime time, base::Duration by) {
  constexpr auto latest = never - base::Duration(1);
  if (time == never) return never;
  return by > base::Duration::zero() && time > latest - by ? latest : time + by;
}

}  // namespace godwit::queue
