// SPDX-License-Identifier: Apache-2.0
// What looks into a message while it is received, and decides at its end what is written above it and whether it is
// taken: for mail of strangers who it is from (sender_authentication), for mail of our users that we sign it
// (message_signing).  server/ lets the message stream through.  One transaction, one reactor.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/mail/envelope.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::policy {

// What the inspection of a whole message came to.
struct Findings {
  std::string header{};  // whole fields, to be put above the message
  // Likewise, above these; right only for the message as it was judged.  Empty also where nobody outside gets it.
  std::string seal{};
  std::optional<smtp::Reply> refusal{};  // the message is not taken
  std::string hold{};                    // why it is taken, but kept from its recipients; empty: it is not
  std::string summary{};                 // for the log: "spf=pass dkim=none dmarc=fail(reject)"
};

// Who has shown that a message is from them.
struct SenderIdentity {
  std::string spf{};                        // "pass", "softfail" ...; empty: not looked up
  std::string spf_domain{};                 // of MAIL FROM; of HELO for <>
  std::vector<std::string> dkim_domains{};  // whose signatures are good; only known at the end of the message
  bool spf_passed() const { return spf == "pass"; }
};

class MessageInspection {
 public:
  virtual ~MessageInspection() = default;
  // Whether it is the message as it is stored that it wants, when filters change it, or as it came.
  virtual bool wants_stored_form() const { return false; }
  // Before the first recipient.  Empty: the transaction may go on.  May take look-ups.
  virtual boost::asio::awaitable<std::optional<smtp::Reply>> check_sender() = 0;
  // A message begins, or is begun anew.
  virtual void begin_message() = 0;
  // The bytes of the message; appends to `out` what may be stored of them.
  virtual void put(std::string_view bytes, std::string& out) = 0;
  // The message is whole; what was held back of it.
  virtual void finish(std::string& out) = 0;
  // Requires: check_sender() and finish().  `recipients` outlive the call.
  virtual boost::asio::awaitable<Findings> judge(std::span<const mail::Recipient> recipients) = 0;
  // What is known so far.
  virtual SenderIdentity identity() const { return {}; }
};

}  // namespace godwit::policy
