// SPDX-License-Identifier: Apache-2.0
// Envelopes out of the history, as the rules can be asked about them again.  Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/server/rehearsal.hpp"
#include "godwit/state/history_event.hpp"

namespace godwit::daemon {

// "<a@example.com>,<b@example.com>"; what is no address (the end was cut off) ends the list.
std::vector<smtp::Mailbox> parse_paths(std::string_view text);

// Of an event `accepted` or `rejected`.  Nothing: it has not what is needed.
std::optional<server::PastEnvelope> past_envelope(const state::HistoryEvent& event);

// What `accepted` leaves out stands in an event `envelope` before it.
class PastEnvelopes {
 public:
  static constexpr std::size_t most_waiting = 1000;

  // Of `envelope`.
  void remember(const state::HistoryEvent& event);
  // Of `accepted`, with what was remembered of it.
  std::optional<server::PastEnvelope> complete(const state::HistoryEvent& event);

 private:
  std::map<std::string, state::HistoryEvent, std::less<>> waiting_;  // by message
};

}  // namespace godwit::daemon
