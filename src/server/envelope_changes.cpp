// SPDX-License-Identifier: Apache-2.0
#include "envelope_changes.hpp"

#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/mail/recipients.hpp"

namespace godwit::server {
namespace {

// As RCPT named it, or as it is reached.
bool is_meant(const mail::Recipient& recipient, const std::string& address) {
  return base::iequals(recipient.original, address) || base::iequals(to_string(recipient.address), address);
}

void add(std::vector<mail::Recipient> more, std::vector<mail::Recipient>& recipients) {
  mail::RecipientList list;
  list.add(std::move(recipients));
  list.add(std::move(more));
  recipients = list.all();
}

}  // namespace

boost::asio::awaitable<std::vector<std::string>> apply(const std::vector<policy::EnvelopeChange>& changes,
                                                       mail::Envelope& envelope, const route::Router& router) {
  std::vector<std::string> refused;
  for (const auto& change : changes) {
    if (const auto* sender = std::get_if<policy::NewSender>(&change)) {
      envelope.sender = sender->sender;
      if (sender->ret != 0) envelope.ret = sender->ret;
      if (!sender->envid.empty()) envelope.envid = sender->envid;
      if (envelope.sender) envelope.sender = router.complete(*envelope.sender);
    } else if (const auto* removed = std::get_if<policy::NoRecipient>(&change)) {
      const auto address = to_string(router.complete(removed->address));
      std::erase_if(envelope.recipients, [&](const auto& recipient) { return is_meant(recipient, address); });
    } else {
      const auto& added = std::get<policy::NewRecipient>(change);
      const auto address = router.complete(added.address);
      auto expanding = router.expand(address);
      auto expansion = co_await std::move(expanding);
      if (expansion.refusal) {
        refused.push_back(to_string(added.address) + ": " + to_line(*expansion.refusal));
        continue;
      }
      mail::ask_reports(expansion.recipients, address, added.parameters);
      add(std::move(expansion.recipients), envelope.recipients);
    }
  }
  co_return refused;
}

}  // namespace godwit::server
