// SPDX-License-Identifier: Apache-2.0
// Messages between their commit and their first attempt, so that it needs no read.  Bounded in bytes; what has no room
// is read back from the spool when it is due.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "godwit/spool/spool.hpp"

namespace godwit::dispatch {

class FreshMessages {
 public:
  using Message = std::shared_ptr<const spool::StoredMessage>;
  static constexpr std::size_t budget = 64U << 20U;
  static constexpr std::size_t overhead = 1024;  // of a message beside its body
  static constexpr std::size_t recipient_cost = 256;

  void put(base::MessageId id, Message message) {
    const auto cost = cost_of(*message);
    if (used_ + cost > budget) return;
    if (messages_.emplace(id, std::move(message)).second) used_ += cost;
  }
  // Null: not here.
  Message find(base::MessageId id) const {
    const auto found = messages_.find(id);
    return found == messages_.end() ? nullptr : found->second;
  }
  void erase(base::MessageId id) {
    const auto found = messages_.find(id);
    if (found == messages_.end()) return;
    used_ -= cost_of(*found->second);
    messages_.erase(found);
  }

 private:
  static std::size_t cost_of(const spool::StoredMessage& message) {
    // A body that has no view lies in a file and costs nothing here.
    const auto view = message.body->view();
    return overhead + message.envelope.recipients.size() * recipient_cost + (view ? view->size() : 0);
  }

  std::unordered_map<base::MessageId, Message> messages_;
  std::size_t used_ = 0;
};

}  // namespace godwit::dispatch
