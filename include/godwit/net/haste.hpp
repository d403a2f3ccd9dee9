// SPDX-License-Identifier: Apache-2.0
// That somebody shall be waited for less long from now on: begun when the daemon is told to stop, so that one who hangs
// does not take all the time that is left for those who do not.  One reactor.
#pragma once

#include <algorithm>

#include "godwit/base/clock.hpp"
#include "godwit/net/canceller.hpp"

namespace godwit::net {

class Haste {
 public:
  // Once.  From `now` on nobody is waited for longer than that; who waits already is woken.
  void begin(base::MonoTime now, base::Duration longest) {
    since_ = now;
    longest_ = longest;
    begun_.cancel();
  }
  bool begun() const { return begun_.cancelled(); }

  // Until when an answer is awaited that was asked for at `asked`.
  base::MonoTime until(base::MonoTime asked, base::Duration patience) const {
    const auto deadline = asked + patience;
    return begun() ? std::min(deadline, std::max(asked, since_) + longest_) : deadline;
  }
  // Its hooks are called when it begins.
  Canceller& beginning() { return begun_; }

 private:
  Canceller begun_;
  base::MonoTime since_{};
  base::Duration longest_{};
};

}  // namespace godwit::net
