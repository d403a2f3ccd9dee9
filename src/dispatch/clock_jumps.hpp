// SPDX-License-Identifier: Apache-2.0
// Notices when the wall clock is set, and knows for every message by how much it was set since its acceptance, so that
// ages are those of the message, not of the clock.  Pure; the dispatcher's reactor owns it.
//
// What was accepted in an earlier life of the daemon, and in the future as the clock says now, counts from the start.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"

namespace godwit::dispatch {

class ClockJumps {
 public:
  // Before the first message.
  ClockJumps(base::WallTime wall, base::MonoTime mono);
  // A message is in the queue.
  void add(base::MessageId id);
  // The same of one that was accepted just now, by the clock of the last look.  Whether a jump came before or after its
  // acceptance its id does not tell, which it has since it began to come in: what makes it old is not believed.
  void add_new(base::MessageId id, base::WallTime accepted);
  // From here on messages are accepted in this life.
  void all_listed() { jumps_.front().newest = newest_; }
  // By how much the clock was set since the last look; nothing: it only went on.  Corrections of seconds are none.
  std::optional<base::Duration> look(base::WallTime wall, base::MonoTime mono);
  // What the clock said at its acceptance, plus this, is what it would have said were it already as it is now.
  base::Duration since(base::MessageId id, base::WallTime accepted) const;

 private:
  struct Jump {
    base::MessageId newest;  // no message after it saw the jump
    base::WallTime before{};
    base::WallTime after{};
    base::MonoTime at{};
    std::uint64_t number = 0;  // of all jumps; 0: none, the start
  };
  // What a message's acceptance was by the clock after that many jumps.
  struct Known {
    base::WallTime accepted{};
    std::uint64_t jumps = 0;
  };

  std::deque<Jump> jumps_;
  std::map<base::MessageId, Known> known_;  // where the jumps alone would tell it wrong
  base::MessageId newest_{};
  base::WallTime wall_;
  base::MonoTime mono_;
};

}  // namespace godwit::dispatch
