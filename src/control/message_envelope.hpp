// SPDX-License-Identifier: Apache-2.0
// The envelope of a message that is handed in: what SMTP says in MAIL and RCPT, out of the query or the JSON.  Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/smtp/client_session.hpp"

namespace godwit::control {

struct MessageEnvelope {
  std::optional<smtp::ReversePath> sender{};  // nothing: not said
  std::vector<smtp::Mailbox> recipients{};    // each once
  std::set<smtp::Mailbox> known{};            // the same
  std::uint8_t notify = 0, ret = 0;           // smtp::Notify, smtp::Return
  std::string envid{};
  std::optional<smtp::DeliverBy> deliver_by{};

  bool is_said() const {
    return sender || !recipients.empty() || notify != 0 || ret != 0 || !envid.empty() || deliver_by;
  }
  void add_recipient(smtp::Mailbox recipient);
};

// "from", "to", "notify", "ret", "envid", "deliver_by"; what is wrong with the value, or empty.  Requires: it is one of
// these.
bool is_envelope_word(std::string_view name);
std::string set_envelope_word(MessageEnvelope& envelope, std::string_view name, std::string_view value);

// Without size and what the message itself needs.
smtp::ClientTransaction transaction_of(MessageEnvelope envelope);

}  // namespace godwit::control
