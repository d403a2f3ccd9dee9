// SPDX-License-Identifier: Apache-2.0
// How it stands with the certificate that the daemon gets for itself: for status, logs and the doctor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"

namespace godwit::acme {

struct State {
  std::string directory;  // of the authority
  std::vector<std::string> names;
  std::string challenge;  // "http-01"
  bool is_ordering = false;
  std::optional<base::WallTime> next{};  // when the next order is made; empty: one is under way, or it is not known yet
  unsigned failures = 0;                 // since the last success
  std::string error{};                   // of the last order; empty: it did not fail
  std::optional<base::WallTime> failed{};  // when that began
};

}  // namespace godwit::acme
