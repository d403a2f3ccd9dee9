// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "godwit/base/clock.hpp"

namespace godwit::state {

// Addresses that get no mail for a time.
struct SuppressionSettings {
  bool enabled = false;
  base::Duration time = std::chrono::hours(24 * 30);
  std::size_t entries = 100'000;
};

struct HistorySettings {
  base::Duration keep = std::chrono::hours(14 * 24);  // zero: there is no history
  std::uint64_t max_size = std::uint64_t{1} << 30U;   // of all its files; the oldest goes first
  bool index = true;                                  // so that searches need not read all
};

// What is kept of envelopes that were refused: strangers may send any number of them, and they are not looked for.
inline HistorySettings refusals_kept(HistorySettings history) {
  constexpr std::uint64_t most = std::uint64_t{64} << 20U;
  history.max_size = history.max_size < most ? history.max_size : most;
  return history;
}

// Who has to try again later; see greylist.hpp.
struct GreylistSettings {
  base::Duration delay = std::chrono::minutes(5);     // before a second attempt counts
  base::Duration window = std::chrono::hours(48);     // within which it must come
  base::Duration keep = std::chrono::hours(35 * 24);  // that a group stays known, since it was last seen
  std::size_t entries = 100'000;                      // of groups, and of attempts
};

// What next hops say of recipients; see recipient_answers.hpp.
struct CalloutCacheSettings {
  base::Duration present = std::chrono::hours(7 * 24);  // before an address that is there is asked for again
  base::Duration absent = std::chrono::hours(1);        // the same of one that is not
  base::Duration keep = std::chrono::hours(31 * 24);    // that it is there counts, while it cannot be asked again
  std::size_t entries = 100'000;                        // of those that are there, and of those that are not
};

struct Settings {
  std::string directory = "/var/lib/godwit";
  SuppressionSettings suppression;
  HistorySettings history;
  GreylistSettings greylist;
  CalloutCacheSettings callout;
};

}  // namespace godwit::state
