// SPDX-License-Identifier: Apache-2.0
// What is attempted together, over one hop: an item of the queue, or several of one message.  Each keeps its own
// account of what became of it.  Pure.
#pragma once

#include <string>
#include <vector>

#include "answers.hpp"
#include "godwit/queue/queue.hpp"
#include "transaction.hpp"

namespace godwit::dispatch {

struct Part {
  queue::Item item;
  Transaction transaction;
  Answers answers{};
  bool others_wait = false;  // recipients of the item were left out of the transaction
};
// Of one message; never empty.
using Parts = std::vector<Part>;

// All that is to be attempted.
Transaction together(const Parts& parts);
// The outcomes of together(), as those of each part, with the answers that needed no attempt.
std::vector<deliver::Outcomes> apart(Parts& parts, deliver::Outcomes outcomes);
// Takes out, of both, the recipients that were not tried, and the parts in which nobody was.
void leave_untried(Parts& parts, std::vector<deliver::Outcomes>& outcomes);
// For the log: "one.example,two.example", of many the first.
std::string destinations_of(const Parts& parts);

}  // namespace godwit::dispatch
