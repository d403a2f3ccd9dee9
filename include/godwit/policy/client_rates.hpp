// SPDX-License-Identifier: Apache-2.0
// How often a client network (an IPv4 address or an IPv6 /64) may do something.  What a rate allows in its period may
// come at once, then it comes back steadily (a token bucket).  Bounded: who was not seen for the longest time is
// forgotten.  Thread-safe: asked by every reactor.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/base/recent_map.hpp"
#include "godwit/base/token_bucket.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

class ClientRates {
 public:
  explicit ClientRates(const Settings& settings) : settings_(settings) {}
  void change_settings(const Settings& settings);

  // Whether it may do one more; if so, it is counted.  `trusted_networks` always may.
  bool take(Rated what, const base::IpAddress& client, base::MonoTime now);
  // Counts `count` that were done, and gives how long no more should be taken.
  base::Duration wait_after(Rated what, std::size_t count, const base::IpAddress& client, base::MonoTime now);

 private:
  static constexpr std::size_t most = 50'000;
  using Buckets = std::array<base::TokenBucket, rated_kinds>;

  bool is_free(const base::Rate& rate, const base::IpAddress& client) const;

  std::mutex mutex_;
  Settings settings_;
  base::RecentMap<base::IpNetwork, Buckets> clients_{most};
};

}  // namespace godwit::policy
