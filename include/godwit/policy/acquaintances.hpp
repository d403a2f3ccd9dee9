// SPDX-License-Identifier: Apache-2.0
// Clients that have waited for a greeting once, by network (an IPv4 address or an IPv6 /64); bounded, forgotten by a
// restart.  Thread-safe: asked once a connection, by every reactor.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/base/recent_map.hpp"

namespace godwit::policy {

class Acquaintances {
 public:
  static constexpr std::size_t most = 100'000;
  static constexpr base::Duration kept = std::chrono::hours(24 * 30);  // since it was last seen

  // Seeing one again keeps it known.
  bool knows(const base::IpAddress& client, base::MonoTime now);
  // The one that was not seen for the longest time makes room.
  void remember(const base::IpAddress& client, base::MonoTime now);
  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  base::RecentMap<base::IpNetwork, base::MonoTime> seen_{most};
};

}  // namespace godwit::policy
