// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "godwit/queue/queue.hpp"

namespace godwit::queue {

base::Duration retry_delay(const RetrySettings& settings, std::uint32_t attempts, double fraction) {
  // In floating point, because first * factor^attempts leaves the integers long before `max` cuts it.
  const double exponent = attempts == 0 ? 0 : static_cast<double>(attempts - 1);
  const double grown = static_cast<double>(settings.first.count()) * std::pow(settings.factor, exponent);
  const double capped = std::min(grown, static_cast<double>(settings.max.count()));
  constexpr double largest = 9e18;  // nanoseconds that fit
  return base::Duration(static_cast<base::Duration::rep>(std::clamp(capped * (0.9 + 0.2 * fraction), 0.0, largest)));
}

base::Duration longest_delay(const RetrySettings& settings) {
  auto grown = settings;
  if (settings.factor > 1) grown.first = settings.max;
  return retry_delay(grown, 1, 1);
}

RetrySettings schedule_of_bounces(const RetrySettings& settings) {
  auto result = settings;
  if (settings.bounce_first != base::Duration::zero()) result.first = settings.bounce_first;
  if (settings.bounce_max != base::Duration::zero()) result.max = settings.bounce_max;
  result.max = std::max(result.first, result.max);
  result.expire = settings.bounce_expire;
  result.warn = {};
  return result;
}

base::Duration probe_delay(const RetrySettings& settings, std::uint32_t failures, double fraction) {
  constexpr base::Duration longest = std::chrono::minutes(15);
  auto probing = settings;
  probing.first = std::min(settings.first / 2, longest);
  probing.max = std::min(settings.max / 2, longest);
  return retry_delay(probing, failures, fraction);
}

bool expired(const RetrySettings& settings, base::WallTime accepted, bool bounce, base::WallTime now) {
  return now - accepted >= (bounce ? settings.bounce_expire : settings.expire);
}

}  // namespace godwit::queue
