// SPDX-License-Identifier: Apache-2.0
// What puts recipients on the suppression list.
#include <algorithm>
#include <utility>

#include "dispatcher_implementation.hpp"

namespace godwit::dispatch {

bool Dispatcher::Implementation::is_suppressing(mail::FailureClass klass) const {
  return std::ranges::find(settings_.suppress, klass) != settings_.suppress.end();
}

bool Dispatcher::Implementation::is_unreachable(const smtp::Mailbox& address, const deliver::Outcome& outcome) const {
  return around_.suppressions != nullptr && outcome.remote && is_suppressing(outcome.klass) &&
         !router_->may_be_ours(address.domain);
}

void Dispatcher::Implementation::suppress_bounced(const Transaction& transaction, std::size_t recipient,
                                                  const deliver::Outcome& outcome) {
  const auto& address = transaction.message->envelope.recipients[transaction.recipients[recipient]].address;
  suppress(transaction.message->id, {.address = to_string(address),
                                     .klass = std::string(to_string(outcome.klass)),
                                     .reason = to_line(outcome.reply),
                                     .source = "bounce"});
}

void Dispatcher::Implementation::suppress(base::MessageId id, state::Suppression suppression) {
  const auto to = "<" + suppression.address + ">";
  const auto klass = suppression.klass;
  const auto source = suppression.source;
  if (const auto added = around_.suppressions->add(std::move(suppression)); !added)
    around_.log.error("not_suppressed", {{"id", to_string(id)}, {"to", to}, {"reason", added.error().message}});
  else
    around_.log.info("suppressed", {{"id", to_string(id)}, {"to", to}, {"class", klass}, {"source", source}});
}

}  // namespace godwit::dispatch
