// SPDX-License-Identifier: Apache-2.0
// The message that tells a recipient that mail for him is held.  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::dispatch {

struct HeldMail {
  base::MessageId id;
  std::string sender;   // of the envelope; "<>" where there is none
  std::string author;   // From, as people see it
  std::string subject;  // likewise
  std::string reason;
  base::WallTime accepted{};
};
// Whatever a sender wrote is made harmless: bounded, on one line, without control characters.
// header: the message's beginning.  recipient: whose reason counts.
HeldMail describe_held(base::MessageId id, const mail::Envelope& envelope, const mail::Recipient& recipient,
                       std::string_view header);

struct QuarantineNotice {
  std::string hostname;
  smtp::Mailbox to;
  smtp::Mailbox contact;  // who can let it go
  std::vector<HeldMail> held{};
  std::size_t more = 0;  // that are not listed
};
// Canonical; UTF-8 (8BITMIME).
std::string compose_quarantine_notice(const QuarantineNotice& notice, base::MessageId id, base::WallTime now);

}  // namespace godwit::dispatch
