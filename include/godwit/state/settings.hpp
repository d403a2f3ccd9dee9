// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "godwit/base/clock.hpp"

namespace godwit::state {

// Addresses that get no mail for a time.
struct SuppressionSettings {
  bool enabled = false;
  base::Duration time = std::chrono::hours(24 * 30);
  std::size_t entries = 100'000;
};

struct Settings {
  std::string directory = "/var/lib/godwit";
  SuppressionSettings suppression;
};

}  // namespace godwit::state
