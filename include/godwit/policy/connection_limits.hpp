// SPDX-License-Identifier: Apache-2.0
// How many connections are open, in all and by client: a network (an IPv4 address or an IPv6 /64), or a user of this
// machine.  Thread-safe: asked
// once a connection, by every reactor.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include <sys/types.h>

#include "godwit/base/ip_address.hpp"
#include "godwit/policy/settings.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::policy {

class ConnectionLimits {
 public:
  explicit ConnectionLimits(const Settings& settings) : settings_(settings) {}

  using Who = std::variant<base::IpNetwork, uid_t>;

  // Holds one place; gives it back when destroyed.
  class Place {
   public:
    Place(ConnectionLimits& owner, Who client) : owner_(&owner), client_(client) {}
    Place(Place&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), client_(other.client_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (owner_ != nullptr) owner_->leave(client_);
    }

   private:
    ConnectionLimits* owner_;
    Who client_;
  };

  // Empty: too many; `refusal` says which bound.
  std::optional<Place> enter(const base::IpAddress& client, smtp::Reply& refusal);
  std::optional<Place> enter_user(uid_t user, smtp::Reply& refusal);
  std::size_t open() const;
  void change_settings(const Settings& settings);

 private:
  std::optional<Place> enter(const Who& who, bool exempt, const char* too_many, smtp::Reply& refusal);
  void leave(const Who& client);

  mutable std::mutex mutex_;
  Settings settings_;
  std::size_t open_ = 0;
  std::map<Who, std::size_t> by_client_;
};

}  // namespace godwit::policy
