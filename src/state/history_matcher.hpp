// SPDX-License-Identifier: Apache-2.0
// Whether an event is one that a query means.  Pure.  What of an event is compared with what must be what
// history_terms.hpp has in the index.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "history_format.hpp"

namespace godwit::state {

// "<a@b.example>" → "a@b.example"
std::string_view without_brackets(std::string_view address);

class HistoryMatcher {
 public:
  explicit HistoryMatcher(HistoryQuery query);

  // Only the event at which a message is accepted has its Message-ID and its subject: of a query for these, this event
  // is looked for, and the rest is asked of the message as a whole, see means().
  bool by_header() const { return !query_.message_id.empty() || !query_.subject.empty(); }
  // In the time that is meant, and as far as one event can tell.
  bool finds(const EventView& event) const;
  // by_header() only: the newest event of those of the message that is meant; nullptr: it is not.
  const HistoryEvent* means(const std::vector<HistoryEvent>& events) const;

 private:
  bool fits_header(const EventView& event) const;
  bool fits(std::string_view name, std::string_view sender, std::string_view recipients, std::string_view site) const;
  bool fits_recipients(std::string_view recipients) const;
  bool fits_destination(std::string_view recipients, std::string_view site) const;

  HistoryQuery query_;
};

}  // namespace godwit::state
