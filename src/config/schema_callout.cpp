// SPDX-License-Identifier: Apache-2.0
// The keys of callout.
#include <chrono>

#include "schema.hpp"

namespace godwit::config {

using namespace std::chrono_literals;

Fields<Document> callout_part() {
  using Failure = policy::CalloutSettings::Failure;
  return {
      field(
          "callout.timeout", [](auto& d) -> auto& { return d.settings.policy.callout.timeout; }, duration(1s, 5min),
          "Of domains with `recipients: callout`, whose next hop is asked for unknown recipients (`MAIL FROM:<>`, "
          "`RCPT "
          "TO`): how long it may take to answer. Mail from `<>` makes nobody ask"),
      field(
          "callout.on_failure", [](auto& d) -> auto& { return d.settings.policy.callout.on_failure; },
          word<Failure>({{"defer", Failure::defer}, {"accept", Failure::accept}}),
          "What becomes of mail to a recipient that is not known while the next hop cannot be asked, or says 4yz. "
          "`defer`: `451 4.3.0`; `accept`: it is taken, and returned to its sender if it turns out wrong"),
      field(
          "callout.connections", [](auto& d) -> auto& { return d.settings.policy.callout.connections; },
          number<std::size_t>(1, 1000), "How many recipients of one domain are asked for at once"),
      field(
          "callout.present", [](auto& d) -> auto& { return d.settings.state.callout.present; }, duration(1s, 366 * 24h),
          "How long a recipient that is there is not asked for again; likewise that a next hop takes every address"),
      field(
          "callout.absent", [](auto& d) -> auto& { return d.settings.state.callout.absent; }, duration(1s, 366 * 24h),
          "The same of one that is not there"),
      field(
          "callout.keep", [](auto& d) -> auto& { return d.settings.state.callout.keep; }, duration(1s, 366 * 24h),
          "How long a recipient that was there counts as such while the next hop cannot be asked"),
      field(
          "callout.entries", [](auto& d) -> auto& { return d.settings.state.callout.entries; },
          number<std::size_t>(100, 10'000'000),
          "Recipients that are remembered to be there, and that are not; some 300 bytes of memory each",
          Reload::restart),
  };
}

}  // namespace godwit::config
