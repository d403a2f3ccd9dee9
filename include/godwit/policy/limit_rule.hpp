// SPDX-License-Identifier: Apache-2.0
// What somebody may do in a time, as the configuration says it.  Who is counted, and what; see limits.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/rate.hpp"

namespace godwit::policy {

enum class LimitBy : std::uint8_t { client, hello, sender, recipient, account };
std::string_view to_string(LimitBy by);

enum class Limited : std::uint8_t {
  connections,
  handshakes,
  commands,
  messages,
  recipients,
  new_destinations,  // recipient domains that an account has not written to lately
  bytes,
};
inline constexpr std::size_t limited_kinds = 7;
std::string_view to_string(Limited what);

using LimitRates = std::array<std::vector<base::Rate>, limited_kinds>;  // by Limited; all of them count

struct LimitRule {
  LimitBy by = LimitBy::client;
  LimitRates rates{};
  std::vector<base::IpNetwork> exempt{};  // clients for whom it does not count
  int ipv4_prefix = 32;                   // of client: addresses that count as one
  int ipv6_prefix = 64;

  std::vector<base::Rate>& of(Limited what) { return rates[static_cast<std::size_t>(what)]; }
  const std::vector<base::Rate>& of(Limited what) const { return rates[static_cast<std::size_t>(what)]; }
};

}  // namespace godwit::policy
