// SPDX-License-Identifier: Apache-2.0
#include "forwarder.hpp"

#include <utility>

#include "godwit/mail/recipients.hpp"
#include "godwit/spool/add_message.hpp"

namespace godwit::dispatch {

boost::asio::awaitable<std::vector<mail::Recipient>> forwarded_recipients(const Transaction& transaction,
                                                                          const route::Router& router) {
  mail::RecipientList all;
  for (const auto index : transaction.recipients) {
    const auto& kept = transaction.message->envelope.recipients[index];
    auto finding = router.found_postmaster(kept.address);
    auto found = co_await std::move(finding);
    if (found.empty()) co_return found;
    // As if RCPT came only now.
    mail::ask_reports(found, kept.address, {.notify = kept.notify, .orcpt = kept.orcpt});
    for (auto& recipient : found)
      if (!kept.original.empty() && !recipient.expanded_alias) recipient.original = kept.original;
    all.add(std::move(found));
  }
  co_return all.all();
}

boost::asio::awaitable<std::optional<base::MessageId>> store_forwarded(const Transaction& transaction,
                                                                       std::vector<mail::Recipient> recipients,
                                                                       Surroundings& surroundings) {
  const auto& message = *transaction.message;
  auto envelope = message.envelope;
  envelope.recipients = std::move(recipients);
  envelope.attempts = 0;
  envelope.next_attempt = {};
  envelope.held = false;
  auto pieces = spool::pieces_of(message.body);
  auto adding = spool::add_message(surroundings.spool, std::move(envelope), message.body->size(), std::move(pieces));
  const auto added = co_await std::move(adding);
  if (added) co_return *added;
  surroundings.log.error("not_forwarded", {{"id", to_string(message.id)}, {"reason", added.error().message}});
  co_return std::nullopt;
}

mail::Update forwarded_update(const Transaction& transaction, base::MessageId as) {
  mail::Update update;
  for (const auto index : transaction.recipients)
    update.recipients.push_back({.index = index,
                                 .state = mail::RecipientState::delivered,
                                 .last_reply = "250 2.0.0 Forwarded to the postmaster as " + to_string(as)});
  return update;
}

}  // namespace godwit::dispatch
