// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/envelope.hpp"

#include <algorithm>

namespace godwit::mail {

std::string_view to_string(RecipientState state) {
  switch (state) {
    case RecipientState::waiting:
      return "waiting";
    case RecipientState::delivered:
      return "delivered";
    case RecipientState::bounced:
      return "bounced";
    case RecipientState::expired:
      return "expired";
    case RecipientState::deleted:
      return "deleted";
  }
  return "unknown";
}

void apply(const Update& update, Envelope& envelope) {
  for (const auto& change : update.recipients) {
    if (change.index >= envelope.recipients.size()) continue;  // of another message: a record that damage mixed up
    auto& recipient = envelope.recipients[change.index];
    recipient.state = change.state;
    recipient.last_reply = change.last_reply;
    recipient.warned = change.warned;
  }
  if (update.attempts) envelope.attempts = *update.attempts;
  if (update.next_attempt) envelope.next_attempt = *update.next_attempt;
  if (update.held) envelope.held = *update.held;
  if (update.warned) envelope.warned = *update.warned;
}

bool has_waiting(const Envelope& envelope) {
  return std::ranges::any_of(envelope.recipients,
                             [](const Recipient& recipient) { return recipient.state == RecipientState::waiting; });
}

}  // namespace godwit::mail
