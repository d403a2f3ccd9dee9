// SPDX-License-Identifier: Apache-2.0
// Room for clients that are made to wait for their errors.  Each of them costs a connection for as long, so there is
// room for a tenth of them.  Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

#include "godwit/policy/settings.hpp"

namespace godwit::policy {

class Tarpit {
 public:
  explicit Tarpit(const Settings& settings) { change_settings(settings); }

  void change_settings(const Settings& settings) { most_ = settings.connections / 10; }

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
  std::atomic<std::size_t> most_;
  std::atomic<std::size_t> taken_ = 0;
};

}  // namespace godwit::policy
