// SPDX-License-Identifier: Apache-2.0
// The id of a message: 64 bits, ordered by time, unique in one spool.  Printed as 13 characters of Crockford base 32,
// the same in the 250 reply, Received, logs, DSNs and godwitctl.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/base/clock.hpp"

namespace godwit::base {

struct MessageId {
  std::uint64_t value = 0;
  auto operator<=>(const MessageId&) const = default;
};

std::string to_string(MessageId id);
// Accepts lower case and Crockford's look-alikes (I L → 1, O → 0).  Empty for anything else.
std::optional<MessageId> parse_message_id(std::string_view text);

// Makes ids: 52 bits of microseconds since 1970, 12 bits that count up within one.  Thread-safe.
class MessageIdGenerator {
 public:
  explicit MessageIdGenerator(const Clock& clock) : clock_(clock) {}
  // Every id made is greater than every id made or observed before, also when the clock goes back.
  MessageId next();
  void observe(MessageId id);
  // The greatest made or observed; 0: none.
  MessageId last() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::uint64_t last_ = 0;
};

}  // namespace godwit::base

template <>
struct std::hash<godwit::base::MessageId> {
  std::size_t operator()(godwit::base::MessageId id) const noexcept { return std::hash<std::uint64_t>{}(id.value); }
};
