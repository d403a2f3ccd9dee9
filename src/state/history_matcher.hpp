// SPDX-License-Identifier: Apache-2.0
// Whether an event is one that a query means.  Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "history_format.hpp"

namespace godwit::state {

class HistoryMatcher {
 public:
  explicit HistoryMatcher(HistoryQuery query);

  // Only the event at which a message is accepted has its Message-ID: of a query for that, this event is looked for,
  // and the rest is asked of the message as a whole, see means().
  bool by_message_id() const { return !query_.message_id.empty(); }
  // In the time that is meant, and as far as one event can tell.
  bool finds(const EventView& event) const;
  // by_message_id() only: the newest event of those of the message that is meant; nullptr: it is not.
  const HistoryEvent* means(const std::vector<HistoryEvent>& events) const;

 private:
  bool fits(std::string_view name, std::string_view sender, std::string_view recipients, std::string_view site) const;
  bool fits_recipients(std::string_view recipients) const;
  bool fits_destination(std::string_view recipients, std::string_view site) const;

  HistoryQuery query_;
};

}  // namespace godwit::state
