// SPDX-License-Identifier: Apache-2.0
// Composes delivery status notifications (RFC 3464, RFC 3461 section 6): the report that a message could not be
// delivered, the warning that it is late, and the report of success that its sender asked for.  dispatch/ calls it and
// commits the result as a new message with the null sender.  Pure: time and randomness come in.  The result is
// canonical (CRLF, lines of at most 998 octets, no NUL); what peers said is made harmless.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/random.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/mail/failure_class.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::mail {

enum class DsnKind { failure, delay, success };
std::string_view to_string(DsnKind kind);

// What a success came to (RFC 3464 section 2.3.3).  relayed: to a host that will not report.  expanded: an alias of
// several addresses, of which only failures and delays are reported further.
enum class DsnSuccess { delivered, relayed, expanded };

struct DsnRecipient {
  Recipient recipient{};
  std::uint32_t index = 0;    // of the original's recipients
  smtp::Reply reply{};        // the peer's, or ours in the same form; code 0: there was none
  bool remote = false;        // the reply is the peer's words
  std::string remote_host{};  // who was asked: "mx1.example.net[192.0.2.1]:25"; empty: nobody
  base::WallTime last_attempt{};
  DsnSuccess success = DsnSuccess::delivered;  // of a report of success
  FailureClass klass = FailureClass::other;    // of a failure or delay
  std::string why{};                           // our words beside the reply, or instead of it: "gave up after 5 days"
};

struct DsnRequest {
  DsnKind kind = DsnKind::failure;
  std::string hostname{};         // ours
  smtp::Mailbox to{};             // the original sender, or the postmaster
  base::MessageId original_id{};  // named in the text, so that the postmaster finds it in the log
  const Envelope* original = nullptr;
  std::string_view message{};      // the original's bytes, of which the first max_returned suffice
  std::uint64_t message_size = 0;  // of the whole original
  std::vector<DsnRecipient> recipients{};
  std::size_t number = 1, of = 1;  // which of the reports that name all recipients together
  base::WallTime now{};
  base::WallTime retry_until{};  // of a delay: when we give up
};

// A message up to this size is returned whole where the sender asked for that (RET=FULL); of others only the header.
inline constexpr std::size_t max_returned = 64 * 1024;

// With so many a report stays below 8 MiB, whatever addresses and replies are like.
inline constexpr std::size_t most_in_a_report = 1000;

struct Dsn {
  std::string message{};
  smtp::BodyType body = smtp::BodyType::seven_bit;  // eight_bit_mime: the original's bytes are 8-bit, or an address is
  bool smtputf8 = false;                            // the address or the original's header needs it (RFC 6533)
  std::string message_id{};                         // "<...@hostname>", for the log
};

// Requires: original is set and recipients is not empty.
Dsn compose_dsn(const DsnRequest& request, base::Random& random);

// The status of a recipient (RFC 3464 section 2.3.4): the reply's enhanced code, else one that fits the reply code and
// the kind.
smtp::EnhancedCode dsn_status(const DsnRecipient& recipient, DsnKind kind);

}  // namespace godwit::mail
