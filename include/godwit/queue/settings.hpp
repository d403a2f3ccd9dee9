// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

#include "godwit/base/clock.hpp"

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

struct Settings {
  RetrySettings retry;
  std::size_t connections = 500;  // outgoing, in all
  std::size_t connections_per_destination = 20;
};

}  // namespace godwit::queue
