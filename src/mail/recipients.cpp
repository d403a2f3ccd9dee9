// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/recipients.hpp"

#include <algorithm>
#include <utility>

namespace godwit::mail {
namespace {

using enum smtp::Notify;

// Without success; nothing left is "never", for 0 would mean the usual.
std::uint8_t without_success(std::uint8_t notify) {
  const auto rest = static_cast<std::uint8_t>(notify & ~notify_success);
  return rest != 0 ? rest : static_cast<std::uint8_t>(notify_never);
}

std::uint8_t either(std::uint8_t a, std::uint8_t b) {
  if (a == b) return a;
  const auto said = [](std::uint8_t notify) { return notify != 0 ? notify : notify_failure | notify_delay; };
  const auto both = static_cast<std::uint8_t>((said(a) | said(b)) & ~notify_never);
  return both != 0 ? both : static_cast<std::uint8_t>(notify_never);
}

}  // namespace

void ask_reports(std::vector<Recipient>& expansion, const smtp::Mailbox& asked,
                 const smtp::RecipientParameters& parameters) {
  const auto comes_by_list = [](const Recipient& recipient) { return recipient.owner.has_value(); };
  const bool by_list = std::ranges::any_of(expansion, comes_by_list);
  const bool reports_expansion = (expansion.size() > 1 || by_list) && (parameters.notify & notify_success) != 0;
  for (auto& recipient : expansion) {
    if (comes_by_list(recipient)) continue;  // its reports go to the owner, who asked for nothing
    recipient.notify = reports_expansion ? without_success(parameters.notify) : parameters.notify;
    recipient.orcpt = parameters.orcpt;
  }
  if (!reports_expansion) return;
  Recipient alias;
  alias.address = asked;
  alias.notify = notify_success;
  alias.orcpt = parameters.orcpt;
  alias.expanded_alias = true;
  if (std::ranges::all_of(expansion, comes_by_list)) alias.owner = expansion.front().owner;
  expansion.push_back(std::move(alias));
}

void RecipientList::add(std::vector<Recipient> more) {
  for (auto& recipient : more) {
    const auto key = (recipient.expanded_alias ? "alias " : "") + to_string(recipient.address);
    const auto [found, is_new] = places_.try_emplace(key, all_.size());
    if (is_new) {
      all_.push_back(std::move(recipient));
      continue;
    }
    auto& same = all_[found->second];
    if (same.owner.has_value() != recipient.owner.has_value()) {
      if (same.owner) same = std::move(recipient);
      continue;
    }
    same.notify = either(same.notify, recipient.notify);
    if (same.orcpt.empty()) same.orcpt = std::move(recipient.orcpt);
  }
}

}  // namespace godwit::mail
