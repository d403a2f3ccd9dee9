// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/return_paths.hpp"

#include <fmt/format.h>

namespace godwit::route {
namespace {

std::string_view words(mail::Srs::Fault fault) {
  switch (fault) {
    case mail::Srs::Fault::malformed:
      return "This is no rewritten sender address (SRS)";
    case mail::Srs::Fault::forged:
      return "This rewritten sender address (SRS) was not made here";
    case mail::Srs::Fault::expired:
      break;
  }
  return "This rewritten sender address (SRS) has expired";
}

}  // namespace

smtp::Mailbox ReturnPaths::rewritten(const smtp::Mailbox& sender, const std::string& alias_domain) const {
  if (!settings_.enabled) return sender;
  const auto& domain = settings_.domain.empty() ? alias_domain : settings_.domain;
  return srs_.rewrite(sender, domain, clock_.wall()).value_or(sender);
}

std::optional<std::expected<smtp::Mailbox, smtp::Reply>> ReturnPaths::restored(const smtp::Mailbox& address) const {
  if (!settings_.enabled || !mail::Srs::is_rewritten(address.local)) return {};
  auto back = srs_.restore(address.local, clock_.wall());
  if (back) return std::move(*back);
  return std::unexpected(
      smtp::make_reply(550, {5, 7, 1}, fmt::format("<{}>: {}", to_string(address), words(back.error()))));
}

smtp::Mailbox ReturnPaths::tagged(const smtp::Mailbox& sender, const smtp::Mailbox& recipient) const {
  if (!verp_) return sender;
  return verp_->sender_for(sender, recipient, clock_.wall()).value_or(sender);
}

std::optional<smtp::Mailbox> ReturnPaths::recipient_told_by(const smtp::Mailbox& address) const {
  return verp_ ? verp_->recipient_of(address, clock_.wall()) : std::nullopt;
}

}  // namespace godwit::route
