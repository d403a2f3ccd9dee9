// SPDX-License-Identifier: Apache-2.0
// How often things happened since the start, counted off the log's events: whoever logs one has counted it.  Any
// thread; no locks.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "godwit/log/logger.hpp"
#include "godwit/mail/failure_class.hpp"

namespace godwit::control {

class EventCounts {
 public:
  // What became of a recipient.
  static constexpr std::array<std::string_view, 6> outcomes{"delivered", "deferred", "bounced",
                                                            "expired",   "deleted",  "discarded"};
  // Of its failures, in the order of mail::FailureClass; the last is of what has none.
  static constexpr std::size_t classes = std::size(mail::failure_class_names) + 1;
  // Where a client was refused.
  static constexpr std::array<std::string_view, 6> stages{"connect", "proxy", "mail", "rcpt", "data", "other"};
  // Events that are only counted.
  static constexpr std::array<std::string_view, 8> other_events{
      "held", "released", "returned", "login", "login_failed", "login_locked_out", "tls_failed", "unreadable"};

  void count(std::string_view event, std::span<const log::Field> fields);

  struct Values {
    std::uint64_t accepted = 0, accepted_recipients = 0, accepted_bytes = 0;
    std::array<std::array<std::uint64_t, classes>, outcomes.size()> by_outcome{};
    std::array<std::uint64_t, stages.size()> rejected{}, put_off{};  // for good, for now (5yz, 4yz)
    std::array<std::uint64_t, other_events.size()> others{};
  };
  Values values() const;

 private:
  using Count = std::atomic<std::uint64_t>;
  void count_accepted(std::span<const log::Field> fields);
  void count_rejected(std::span<const log::Field> fields);

  Count accepted_ = 0, accepted_recipients_ = 0, accepted_bytes_ = 0;
  std::array<std::array<Count, classes>, outcomes.size()> by_outcome_{};
  std::array<Count, stages.size()> rejected_{}, put_off_{};
  std::array<Count, other_events.size()> others_{};
};

}  // namespace godwit::control
