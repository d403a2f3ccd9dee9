// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/verp.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "signed_address.hpp"

namespace godwit::mail {
namespace {

std::string signed_text(std::string_view day, std::string_view domain, std::string_view local,
                        const smtp::Mailbox& sender) {
  return fmt::format("{}={}={}={}", day, domain, local, to_string(sender));
}

}  // namespace

std::optional<smtp::Mailbox> Verp::sender_for(const smtp::Mailbox& sender, const smtp::Mailbox& recipient,
                                              base::WallTime now) const {
  const auto day = day_text(now);
  const auto hash = short_hash(secrets_.front(), signed_text(day, recipient.domain, recipient.local, sender));
  smtp::Mailbox made{
      .local = fmt::format("{}{}{}={}={}={}", sender.local, mark(), hash, day, recipient.domain, recipient.local),
      .domain = sender.domain};
  if (!has_fit_local_part(made)) return {};
  return made;
}

std::optional<smtp::Mailbox> Verp::recipient_of(const smtp::Mailbox& address, base::WallTime now) const {
  const auto at = base::to_lower(address.local).find(mark());
  if (at == std::string::npos) return {};
  const smtp::Mailbox sender{.local = address.local.substr(0, at), .domain = address.domain};
  const auto parts = split_first(std::string_view(address.local).substr(at + mark().size()), 4);
  if (parts.size() != 4) return {};
  const auto day = parse_day(parts[1]);
  if (!day || !is_hash_of(parts[0], secrets_, signed_text(parts[1], parts[2], parts[3], sender))) return {};
  auto domain = smtp::parse_domain(parts[2]);
  if (!is_recent(*day, now) || !domain || parts[3].empty()) return {};
  return smtp::Mailbox{.local = std::string(parts[3]), .domain = std::move(*domain)};
}

}  // namespace godwit::mail
