// SPDX-License-Identifier: Apache-2.0
// The binary form of envelopes and updates, as records of the spool carry it (docs/spool-format.md).
//
//   fields  = *field
//   field   = tag length value          ; tag: one byte; length: varint, octets of value
//   varint  = LEB128, unsigned          ; 7 bits a byte, lowest first, top bit: more follows; at most 10 bytes
//
// A value is text (as it is), a number (one varint), a time (nanoseconds since 1970 UTC, zigzag, one varint), a flag
// (number 0 or 1) or fields again.  A field that holds its default is not written.  Fields come in any order; of a
// single one the last counts. A tag never changes its meaning and is never used again; a reader skips tags it does not
// know.  A number or enumeration value out of its range is damage.  Integrity is the record's checksum's; nothing here
// is checked twice.
#pragma once

#include <cstdint>

namespace godwit::mail::format {

// tag                  value
enum class EnvelopeTag : std::uint8_t {
  sender = 1,          // fields MailboxTag; absent: the null reverse-path <>
  recipient = 2,       // fields RecipientTag; repeated, the order is the index that updates name
  body = 3,            // number: smtp::BodyType (0 7BIT, 1 8BITMIME, 2 BINARYMIME)
  smtputf8 = 4,        // flag
  require_tls = 5,     // flag
  envid = 6,           // text
  ret = 7,             // number: 0 not said, 1 FULL, 2 HDRS
  accepted = 8,        // time
  client_address = 9,  // text
  client_hello = 10,   // text
  account = 11,        // text
  protocol = 12,       // text
  attempts = 13,       // number
  next_attempt = 14,   // time
  held = 15,           // flag
  warned = 16,         // flag
  release = 17,        // time
  deliver_by = 18,     // fields DeliverByTag
  priority = 19,       // number: 10 more than the priority, 1 to 19; absent: 0
  tls_optional = 20,   // flag
};

enum class DeliverByTag : std::uint8_t {
  time = 1,       // time
  give_back = 2,  // flag: mode R; absent: mode N
  trace = 3,      // flag
};

enum class MailboxTag : std::uint8_t {
  local = 1,   // text, without quoting
  domain = 2,  // text
};

enum class RecipientTag : std::uint8_t {
  address = 1,         // fields MailboxTag; required
  original = 2,        // text
  notify = 3,          // number: bits NEVER 1, SUCCESS 2, FAILURE 4, DELAY 8
  orcpt = 4,           // text
  state = 5,           // number: 0 waiting, 1 delivered, 2 bounced, 3 expired, 4 deleted
  last_reply = 6,      // text
  expanded_alias = 7,  // flag
  owner = 8,           // fields MailboxTag
  warned = 9,          // flag
};

enum class UpdateTag : std::uint8_t {
  recipient = 1,     // fields RecipientUpdateTag; repeated
  attempts = 2,      // number; this and the following: absent, not changed
  next_attempt = 3,  // time
  held = 4,          // flag
  warned = 5,        // flag
};

enum class RecipientUpdateTag : std::uint8_t {
  index = 1,       // number; absent: 0
  state = 2,       // number, as RecipientTag::state
  last_reply = 3,  // text
  warned = 4,      // flag
};

}  // namespace godwit::mail::format
