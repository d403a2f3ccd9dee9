// SPDX-License-Identifier: Apache-2.0
// The recipients of a message as its RCPT commands gather them: what each asked of reports, and who is named twice.
// server/ calls it for every RCPT accepted.  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "godwit/mail/envelope.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/dsn_parameters.hpp"

namespace godwit::mail {

// Gives the recipients that one RCPT stands for what it asked (RFC 3461 section 5.2.7): all of it to the one address
// of an alias.  Of an alias of several, success is reported once, as "expanded", by a recipient of its own that is
// added; failures and delays of each are reported as asked.  What comes by a list with an owner has arrived there (RFC
// 3461 section 5.2.7.2): of its members nothing is told to the sender.  asked: as in RCPT, with a domain.
void ask_reports(std::vector<Recipient>& expansion, const smtp::Mailbox& asked,
                 const smtp::RecipientParameters& parameters);

// All of one message.  An address that is added again gets the message once, and its sender every report that either
// RCPT asked for; whom a sender names is not a list's, though one has it too.  Finds it in O(1): an alias may have ten
// thousand members.
class RecipientList {
 public:
  // The recipients of one more RCPT.
  void add(std::vector<Recipient> more);
  const std::vector<Recipient>& all() const { return all_; }

 private:
  std::vector<Recipient> all_;
  std::unordered_map<std::string, std::size_t> places_;  // in all_, by address
};

}  // namespace godwit::mail
