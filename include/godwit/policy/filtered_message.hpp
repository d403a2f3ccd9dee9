// SPDX-License-Identifier: Apache-2.0
// A message that is received and not stored yet, as filters see and change it; and what they want done with it.
// server/ implements it over the spool.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "godwit/mail/editable_header.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/dsn_parameters.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::policy {

class FilteredMessage {
 public:
  virtual ~FilteredMessage() = default;
  virtual mail::EditableHeader& header() = 0;
  // What stands behind the empty line; 0 at the end.
  virtual net::Task<std::size_t> read_body(std::uint64_t offset, std::span<char> into) = 0;
  // Another body, piece by piece; it takes the place of the present one when it is kept.
  virtual net::Task<> write_new_body(std::string_view bytes) = 0;
  virtual net::Task<> keep_new_body() = 0;
  virtual void drop_new_body() = 0;
};

struct NewSender {
  smtp::ReversePath sender;
  std::uint8_t ret = 0;  // a Return; 0: as it was
  std::string envid{};   // empty: as it was
};
struct NewRecipient {
  smtp::Mailbox address;
  smtp::RecipientParameters parameters{};
};
struct NoRecipient {
  smtp::Mailbox address;
};
using EnvelopeChange = std::variant<NewSender, NewRecipient, NoRecipient>;

struct FilterOutcome {
  std::optional<smtp::Reply> refusal = {};
  bool discard = false;
  std::string hold = {};                      // why it is kept from its recipients; empty: it is not
  std::vector<EnvelopeChange> envelope = {};  // in this order
  bool breaks_signatures = false;             // what was signed before is not as it was
  std::string summary = {};                   // for the log: "rspamd=header,quarantine"
};

}  // namespace godwit::policy
