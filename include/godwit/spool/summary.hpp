// SPDX-License-Identifier: Apache-2.0
// What the queue and selections over it need to know of a waiting message, without its envelope or body.  Comes from
// the segments' indexes (docs/spool-format.md), with all updates applied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/mail/envelope.hpp"

namespace godwit::spool {

struct Summary {
  struct Destination {
    std::string domain;  // as in the envelope
    std::uint32_t recipients = 0;
    bool operator==(const Destination&) const = default;
  };
  base::MessageId id;
  base::WallTime accepted{};
  base::WallTime next_attempt{};
  std::uint32_t attempts = 0;
  std::uint64_t size = 0;  // of the body
  bool held = false;
  bool warned = false;
  bool bounce = false;       // from <>
  base::WallTime release{};  // epoch: none
  std::optional<mail::DeliverBy> deliver_by{};
  std::int8_t priority = 0;
  std::string sender{};                // "" for <>; cut after 1024 bytes
  std::vector<Destination> waiting{};  // sorted by domain, each once
  bool operator==(const Summary&) const = default;
};

}  // namespace godwit::spool
