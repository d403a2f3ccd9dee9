// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/suppression.hpp"

#include <fmt/format.h>

#include "godwit/base/clock.hpp"

namespace godwit::policy {

std::optional<smtp::Reply> suppression_refusal(const state::Suppressions& list, const smtp::Mailbox& address) {
  const auto found = list.find(to_string(address));
  if (!found) return {};
  const auto enhanced = found->klass == "bad_mailbox" ? smtp::EnhancedCode{5, 1, 1} : smtp::EnhancedCode{5, 7, 1};
  return smtp::make_reply(550, enhanced,
                          fmt::format("<{}>: Suppressed until {}, because of {} ({}){}{}", to_string(address),
                                      base::format_rfc3339(found->expires), found->klass, found->source,
                                      found->reason.empty() ? "" : ": ", found->reason));
}

std::optional<smtp::Reply> suppression_refusal(const state::Suppressions& list,
                                               const std::vector<mail::Recipient>& recipients) {
  if (recipients.size() != 1) return {};
  return suppression_refusal(list, recipients.front().address);
}

}  // namespace godwit::policy
