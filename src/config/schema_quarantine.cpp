// SPDX-License-Identifier: Apache-2.0
// The keys of mail that is taken and held for what a check found.
#include <chrono>

#include "schema.hpp"

namespace godwit::config {

Fields<Document> quarantine_part() {
  using namespace std::chrono_literals;
  return {
      field(
          "quarantine.notify", [](auto& d) -> auto& { return d.settings.dispatch.quarantine.notify; }, boolean(),
          "Whether recipients in `domains` (never others) are told of mail that a check, a milter or DMARC had held: "
          "its "
          "sender, subject, reason and id"),
      field(
          "quarantine.interval", [](auto& d) -> auto& { return d.settings.dispatch.quarantine.interval; },
          duration(1s, 30 * 24h),
          "At most one such notice goes to a recipient in this time; it tells of all that came since"),
      field(
          "quarantine.contact", [](auto& d) -> auto& { return d.settings.dispatch.quarantine.contact; },
          or_empty(mail_address(), "the postmaster of hostname"),
          "Whom recipients are to tell the id of what they want"),
  };
}

}  // namespace godwit::config
