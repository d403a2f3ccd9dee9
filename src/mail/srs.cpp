// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/srs.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "signed_address.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t tag_size = 4;  // "SRS0"

bool has_tag(std::string_view local, std::string_view tag) {
  return local.size() > tag_size && base::istarts_with(local, tag) && std::string_view("=+-").contains(local[tag_size]);
}

std::expected<smtp::Mailbox, Srs::Fault> made_of(std::string local, std::string_view domain) {
  auto name = smtp::parse_domain(domain);
  smtp::Mailbox mailbox{.local = std::move(local), .domain = name.value_or("")};
  if (!name || mailbox.local.empty() || !has_fit_local_part(mailbox)) return std::unexpected(Srs::Fault::malformed);
  return mailbox;
}

}  // namespace

bool Srs::is_rewritten(std::string_view local) {
  return has_tag(local, "SRS0") || has_tag(local, "SRS1");
}

std::optional<smtp::Mailbox> Srs::rewrite(const smtp::Mailbox& sender, std::string domain, base::WallTime now) const {
  const std::string_view local = sender.local;
  smtp::Mailbox result{.local = {}, .domain = std::move(domain)};
  // What is signed is the parts without what joins them.
  const auto sign = [&](std::string_view first, std::string_view second, std::string_view third) {
    return short_hash(secrets_.front(), fmt::format("{}{}{}", first, second, third));
  };
  const auto parts =
      has_tag(local, "SRS1") ? split_first(local.substr(tag_size + 1), 3) : std::vector<std::string_view>();
  // What only looks like it, for it leads nowhere, is an address like any other.
  const bool is_second = parts.size() == 3 && smtp::parse_domain(parts[1]) && !parts[2].empty();
  if (is_second) {
    result.local = fmt::format("SRS1={}={}={}", sign(parts[1], parts[2], ""), parts[1], parts[2]);
  } else if (has_tag(local, "SRS0")) {
    const auto rest = local.substr(tag_size);
    result.local = fmt::format("SRS1={}={}={}", sign(sender.domain, rest, ""), sender.domain, rest);
  } else {
    const auto day = day_text(now);
    result.local = fmt::format("SRS0={}={}={}={}", sign(day, sender.domain, local), day, sender.domain, local);
  }
  if (!has_fit_local_part(result)) return {};
  return result;
}

std::expected<smtp::Mailbox, Srs::Fault> Srs::restore(std::string_view local, base::WallTime now) const {
  const auto rest = local.substr(tag_size + 1);
  if (has_tag(local, "SRS1")) {
    const auto parts = split_first(rest, 3);
    if (parts.size() != 3 || parts[2].empty()) return std::unexpected(Fault::malformed);
    if (!is_hash_of(parts[0], secrets_, fmt::format("{}{}", parts[1], parts[2]))) return std::unexpected(Fault::forged);
    return made_of("SRS0" + std::string(parts[2]), parts[1]);
  }
  const auto parts = split_first(rest, 4);
  if (parts.size() != 4) return std::unexpected(Fault::malformed);
  const auto day = parse_day(parts[1]);
  if (!day) return std::unexpected(Fault::malformed);
  if (!is_hash_of(parts[0], secrets_, fmt::format("{}{}{}", parts[1], parts[2], parts[3])))
    return std::unexpected(Fault::forged);
  if (!is_recent(*day, now)) return std::unexpected(Fault::expired);
  return made_of(std::string(parts[3]), parts[2]);
}

}  // namespace godwit::mail
