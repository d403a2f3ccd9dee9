// SPDX-License-Identifier: Apache-2.0
// Room for clients that are made to wait for their errors.  Each of them costs a connection for as long, so there is
// not room for all.  Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace godwit::policy {

class Tarpit {
 public:
  explicit Tarpit(std::size_t most) : most_(most) {}

  // Given back when destroyed.
  class Place {
   public:
    explicit Place(Tarpit& owner) : owner_(&owner) {}
    Place(Place&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (owner_ != nullptr) --owner_->taken_;
    }

   private:
    Tarpit* owner_;
  };
  // Empty: it is full.
  std::optional<Place> enter() {
    if (taken_++ < most_) return Place(*this);
    --taken_;
    return {};
  }

 private:
  std::size_t most_;
  std::atomic<std::size_t> taken_ = 0;
};

}  // namespace godwit::policy
