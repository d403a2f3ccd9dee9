// SPDX-License-Identifier: Apache-2.0
#include "schedule.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "resources.hpp"

namespace godwit::acme {
namespace {

using namespace std::chrono_literals;

// The first ones are for a daemon that died; what the authority refused goes on from the third.  So there are five
// tries in the first day and two in each that follows.
constexpr std::array<base::Duration, 6> pauses{10s, 5min, 30min, 2h, 6h, 12h};
constexpr std::size_t first_for_refused = 2;
constexpr base::Duration longest_asked = 168h;
constexpr base::Duration most_spread = 12h;
constexpr base::Duration clock_is_set = 12h;  // back, by so much at most where it was right before

base::Duration part_of(base::Duration whole, double fraction) {
  return std::chrono::duration_cast<base::Duration>(whole * fraction);
}

base::Duration pause_after(unsigned failures, std::size_t first, double fraction) {
  const auto index = std::min(first + std::max(failures, 1U) - 1, pauses.size() - 1);
  return pauses[index] + part_of(pauses[index], fraction / 5);
}

}  // namespace

Due next_order(const std::optional<Present>& present, const Settings& settings, const Attempts& attempts,
               double fraction, base::WallTime now) {
  Due due{.at = {}, .reason = "none"};
  if (present) {
    const auto lacks = [&](const std::string& name) {
      return std::ranges::find(present->names, name) == present->names.end();
    };
    const auto lifetime = std::max<base::Duration>(present->until - present->from, base::Duration::zero());
    const bool is_told = settings.renew_before > base::Duration::zero();
    // What lives shorter than that is not renewed all the time.
    const auto before = std::min<base::Duration>(is_told ? settings.renew_before : lifetime / 3, lifetime / 3 * 2);
    due.reason = std::ranges::any_of(settings.names, lacks) ? "names" : "age";
    if (due.reason == "age")
      due.at = present->until - before - part_of(std::min<base::Duration>(most_spread, lifetime / 50), fraction);
  }
  // What a clock that was wrong by years had written would hold for years.
  const bool is_of_the_future = attempts.last > now + clock_is_set;
  if (attempts.terms == terms_of(settings) && !is_of_the_future) due.at = std::max(due.at, attempts.not_before);
  return due;
}

Attempts begun(Attempts attempts, const std::string& terms, base::WallTime now, double fraction) {
  if (attempts.terms != terms) attempts = {};
  attempts.terms = terms;
  ++attempts.failures;
  attempts.last = now;
  attempts.not_before = now + pause_after(attempts.failures, 0, fraction);
  return attempts;
}

Attempts failed(Attempts attempts, std::string error, std::optional<base::Duration> retry_after, base::WallTime now,
                double fraction) {
  attempts.error = std::move(error);
  const auto asked = std::min(retry_after.value_or(base::Duration::zero()), longest_asked);
  attempts.not_before = now + std::max(pause_after(attempts.failures, first_for_refused, fraction), asked);
  return attempts;
}

Attempts succeeded(const std::optional<Present>& present, const std::string& terms, base::WallTime now) {
  base::Duration rest = pauses.back();
  if (present && present->until > now) rest = std::min<base::Duration>(rest, (present->until - now) / 4);
  Attempts attempts;
  attempts.terms = terms;
  attempts.last = now;
  attempts.not_before = now + rest;
  return attempts;
}

std::string terms_of(const Settings& settings) {
  return fmt::format("{} {} {} {} {} {} {}", settings.directory, base::join(settings.names, ","),
                     to_string(settings.challenge), settings.listen ? base::to_string(*settings.listen) : "",
                     settings.webroot, settings.ca_file, settings.external_key_id);
}

}  // namespace godwit::acme
