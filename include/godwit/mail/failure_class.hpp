// SPDX-License-Identifier: Apache-2.0
// What kind of trouble kept a message from a recipient.  The names stand in logs, reports, the control API and the
// configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace godwit::mail {

enum class FailureClass : std::uint8_t {
  other,  // nothing more can be said
  bad_mailbox,
  inactive_mailbox,
  full_mailbox,
  bad_domain,
  relaying,
  greylisting,
  rate,
  reputation,
  unauthenticated,
  content,
  too_large,
  policy,
  auth,
  tls,
  network,
  loop,
  protocol,
  system,
  expired,
};
// In the order of FailureClass.
inline constexpr std::string_view failure_class_names[] = {"other",           "bad_mailbox", "inactive_mailbox",
                                                           "full_mailbox",    "bad_domain",  "relaying",
                                                           "greylisting",     "rate",        "reputation",
                                                           "unauthenticated", "content",     "too_large",
                                                           "policy",          "auth",        "tls",
                                                           "network",         "loop",        "protocol",
                                                           "system",          "expired"};

constexpr std::string_view to_string(FailureClass klass) {
  return failure_class_names[static_cast<std::size_t>(klass)];
}
// One sentence for whoever sent the message; empty for other.
std::string_view explanation(FailureClass klass);

}  // namespace godwit::mail
