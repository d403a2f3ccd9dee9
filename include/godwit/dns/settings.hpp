// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"

namespace godwit::dns {

enum class TrustAd { automatic, yes, no };

struct Settings {
  std::vector<base::Endpoint> servers;               // empty: the system's
  base::Duration timeout = std::chrono::seconds(5);  // of one try; two tries
  TrustAd trust_ad = TrustAd::automatic;
  bool randomize_case = false;        // of the names in queries
  std::size_t cache_entries = 20000;  // of one reactor
};

}  // namespace godwit::dns
