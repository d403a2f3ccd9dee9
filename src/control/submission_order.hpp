// SPDX-License-Identifier: Apache-2.0
// A request that hands in a message, as it arrived.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "godwit/control/caller.hpp"
#include "godwit/spool/add_message.hpp"
#include "message_envelope.hpp"

namespace godwit::control {

struct SubmissionOrder {
  Caller caller{};
  std::string content_type{};
  std::string key{};                      // Idempotency-Key; empty: none
  std::optional<std::uint64_t> length{};  // of the body, where it is said
  std::string query{};
  MessageEnvelope envelope{};  // as the query says it
  spool::Pieces body{};
};

}  // namespace godwit::control
