// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/message_copies.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::policy {
namespace {

using boost::asio::awaitable;

bool is_meant(const std::string& pattern, const smtp::Mailbox& address) {
  return base::iequals(pattern, pattern.starts_with('@') ? "@" + address.domain : smtp::to_string(address));
}

bool fits(const std::vector<std::string>& patterns, const smtp::Mailbox& address) {
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return is_meant(pattern, address); });
}

bool fits(const CopySettings& rule, const mail::Envelope& envelope, const smtp::ReversePath& given,
          const std::vector<smtp::Mailbox>& asked) {
  const auto is_from = [&](const smtp::ReversePath& sender) { return sender && fits(rule.senders, *sender); };
  if (!rule.senders.empty() && !is_from(given) && !is_from(envelope.sender)) return false;
  return rule.recipients.empty() ||
         std::ranges::any_of(asked, [&](const auto& address) { return fits(rule.recipients, address); }) ||
         std::ranges::any_of(envelope.recipients,
                             [&](const auto& recipient) { return fits(rule.recipients, recipient.address); });
}

bool has(const std::vector<mail::Recipient>& recipients, const smtp::Mailbox& address) {
  return std::ranges::any_of(
      recipients, [&](const mail::Recipient& known) { return !known.expanded_alias && known.address == address; });
}

}  // namespace

MessageCopies::MessageCopies(const std::vector<CopySettings>& rules, MailOrigin origin,
                             std::shared_ptr<const route::Router> router)
    : router_(std::move(router)) {
  const auto is_for_it = [&](const CopySettings& rule) {
    return std::ranges::find(rule.mail, origin) != rule.mail.end();
  };
  std::ranges::copy_if(rules, std::back_inserter(rules_), is_for_it);
}

// An address that was made of the postmaster's is told to nobody but the hosts of copies.
smtp::Mailbox MessageCopies::return_path() const {
  const auto& hostname = router_->settings().hostname;
  const smtp::Mailbox postmaster{.local = "postmaster", .domain = hostname};
  const auto* paths = router_->return_paths();
  return paths == nullptr ? postmaster : paths->rewritten(postmaster, hostname);
}

bool MessageCopies::came_back(const smtp::ReversePath& sender) const {
  const auto* paths = router_->return_paths();
  if (!sender || paths == nullptr || !router_->is_ours(sender->domain)) return false;
  const auto restored = paths->restored(*sender);
  return restored && restored->has_value() && base::iequals((*restored)->local, "postmaster") &&
         base::iequals((*restored)->domain, router_->settings().hostname);
}

awaitable<base::Result<std::vector<std::string>>> MessageCopies::add(mail::Envelope& envelope,
                                                                     const smtp::ReversePath& given,
                                                                     const std::vector<smtp::Mailbox>& asked) const {
  std::vector<std::string> told;
  if (came_back(given) || came_back(envelope.sender)) co_return told;
  std::vector<mail::Recipient> copies;
  for (const auto& rule : rules_) {
    if (!fits(rule, envelope, given, asked)) continue;
    const auto to = smtp::parse_mailbox(rule.to);
    if (!to) continue;  // config has refused it
    auto expanding = router_->expand(*to);
    auto expansion = co_await std::move(expanding);
    if (!expansion.outage.empty()) co_return base::fail(base::ErrorKind::io, expansion.outage);
    if (expansion.refusal)
      co_return base::fail(base::ErrorKind::refused, fmt::format("{}: {}", rule.to, to_line(*expansion.refusal)));
    for (auto& copy : expansion.recipients) {
      if (has(envelope.recipients, copy.address) || has(copies, copy.address)) continue;
      copy.notify = smtp::notify_never;
      if (!router_->is_ours(copy.address.domain)) copy.owner = return_path();
      if (envelope.held) copy.last_reply = envelope.recipients.front().last_reply;
      told.push_back(smtp::to_string(copy.address));
      copies.push_back(std::move(copy));
    }
  }
  std::ranges::move(copies, std::back_inserter(envelope.recipients));
  co_return told;
}

}  // namespace godwit::policy
