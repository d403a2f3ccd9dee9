// SPDX-License-Identifier: Apache-2.0
// What happened to a message at one moment, as it was logged; and questions about many of them.  Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"

namespace godwit::state {

struct HistoryField {
  std::string name{};
  std::variant<std::string, std::int64_t> value{};
};

struct HistoryEvent {
  base::WallTime time{};
  std::vector<base::MessageId> ids{};  // whose lives it belongs to: a report's is its own and that of what it is about
  std::string name{};                  // "delivered"; see log/events.hpp
  std::vector<HistoryField> fields{};  // as in the log, `id` first

  // Empty: it has no such text.
  std::string_view text(std::string_view field) const;
};

// Whatever is set must hold.  A pattern is an address, a domain or words in which "*" stands for any run of characters,
// case does not matter, and "@domain" means all of that domain.
struct HistoryQuery {
  std::string sender{};       // "<>": reports
  std::string recipient{};    // as asked for, or where an alias led
  std::string destination{};  // recipient domain, or site
  std::string message_id{};   // of the header, with or without its brackets
  std::string subject{};      // of the header, decoded; where it is recorded
  std::string outcome{};      // the name of an event: delivered, deferred, bounced, held …
  std::optional<base::WallTime> since{}, until{};
  std::size_t limit = 100;  // messages
};

struct HistoryMatch {
  base::MessageId id{};
  HistoryEvent event{};  // the newest that the query means
};

struct HistoryFound {
  std::vector<HistoryMatch> matches{};  // the newest first
  // Where the search ended early, for want of time or because of the limit: events before this were not looked at.
  std::optional<base::WallTime> searched_back_to{};
};

}  // namespace godwit::state
