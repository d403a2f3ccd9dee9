// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/rate.hpp"

namespace godwit::queue {

// Waits grow from `first` by `factor` up to `max`, each with ±10 % of jitter, until `expire` after acceptance.
struct RetrySettings {
  base::Duration first = std::chrono::minutes(5);
  double factor = 2;
  base::Duration max = std::chrono::hours(4);
  base::Duration expire = std::chrono::hours(5 * 24);
  base::Duration warn = std::chrono::hours(4);            // delay warning to the sender; 0: none
  base::Duration bounce_expire = std::chrono::hours(24);  // expire, for messages from <>
  base::Duration bounce_first{};                          // first and max, for messages from <>; 0: the same
  base::Duration bounce_max{};
};

// Of one site: what really receives (a set of MX hosts, a provider, a next hop, "maildir").
struct LimitSettings {
  std::size_t connections = 20;
  base::Rate rate{};  // of messages, spread evenly, with bursts of a tenth
  // Connections begin at 2 and grow with success up to `connections`; else `connections` from the start.
  bool adaptive = true;
  bool local = false;  // written to a disk of ours: none of `Settings::connections`
  bool operator==(const LimitSettings&) const = default;
};

struct SiteRule {
  std::string pattern;  // of the site's name, "*" for any run of characters
  LimitSettings limits;
};

struct Settings {
  RetrySettings retry;
  std::size_t connections = 500;  // outgoing, in all
  std::size_t connections_per_destination = 20;
  std::vector<SiteRule> sites;                                  // the first that fits; else the line above
  std::uint64_t active_bytes = std::uint64_t{256} << 20U;       // of messages in delivery
  std::uint64_t largest_in_memory = std::uint64_t{256} << 10U;  // larger ones are streamed and count as this
};

}  // namespace godwit::queue
