// SPDX-License-Identifier: Apache-2.0
#include "godwit/dispatch/selector.hpp"

#include <algorithm>

#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

std::string_view local_of(std::string_view pattern) {
  const auto at = pattern.rfind('@');
  return at == std::string_view::npos ? pattern : pattern.substr(0, at);
}

// The part that a domain must fit; "*" where the pattern has no "@".
std::string_view domain_of(std::string_view pattern) {
  const auto at = pattern.rfind('@');
  return at == std::string_view::npos ? "*" : pattern.substr(at + 1);
}

bool matches_address(std::string_view pattern, std::string_view address) {
  if (pattern == "<>") return address.empty();
  if (pattern.starts_with('@')) return base::matches_pattern("*" + std::string(pattern), address);
  return base::matches_pattern(pattern, address);
}

}  // namespace

bool Selector::needs_envelope() const {
  const auto local = local_of(recipient);
  return !local.empty() && local != "*";
}

bool Selector::may_mean_domain(std::string_view domain) const {
  if (!destination.empty() && !base::matches_pattern(destination, domain)) return false;
  return recipient.empty() || base::matches_pattern(domain_of(recipient), domain);
}

bool Selector::is_old_enough(base::WallTime accepted, base::WallTime now) const {
  return !older || now - accepted > *older;
}

bool Selector::may_mean(const queue::Item& item, base::WallTime now) const {
  return (!state || item.state == *state) && is_old_enough(item.accepted, now) &&
         may_mean_domain(base::domain_of(item.key.destination));
}

bool Selector::may_mean(const spool::Summary& summary, base::WallTime now) const {
  if (!sender.empty() && !matches_address(sender, summary.sender)) return false;
  return is_old_enough(summary.accepted, now) &&
         std::ranges::any_of(summary.waiting, [&](const auto& waiting) { return may_mean_domain(waiting.domain); });
}

bool Selector::means(const mail::Recipient& asked) const {
  return may_mean_domain(asked.address.domain) &&
         (recipient.empty() || matches_address(recipient, to_string(asked.address)));
}

}  // namespace godwit::dispatch
