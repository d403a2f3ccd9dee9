// SPDX-License-Identifier: Apache-2.0
// What a submission agent mends in the header of a message that enters the mail system here (RFC 6409 section 8): what
// is missing of From, Date and Message-ID is added, Sender where From names somebody else; Bcc and Return-Path are
// taken out; bare addresses get a domain.  Of a message that is sent again (RFC 5322 section 3.6.6) the Resent- fields
// are treated so, and the original's stay.  All else passes byte for byte.  Never for relayed mail.  Pure; time and
// names come in.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"
#include "godwit/mail/header_splitter.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::mail {

struct HeaderFixes {
  std::string hostname{};  // in Message-ID
  base::MessageId id{};    // likewise
  base::WallTime now{};
  std::string origin{};                 // completes bare addresses; empty: they stay
  std::optional<smtp::Mailbox> from{};  // for a From that is missing; empty: none is added
  // Who submits it: named by Sender where From is not him alone.  Empty: he may write as he likes.
  std::optional<smtp::Mailbox> submitter{};
  std::function<bool(const smtp::Mailbox&)> is_submitter{};  // whether this is another address of his; may be empty
};

// `section`: whole fields, each with its CRLF, without the empty line.
std::string fix_header(std::string_view section, const HeaderFixes& fixes);

// The same for a canonical message that comes in pieces: holds no more than the header.  A message without one gets
// one, and the empty line behind it that was forgotten.
class HeaderFixer {
 public:
  static constexpr std::size_t max_header = 1U << 20U;

  explicit HeaderFixer(HeaderFixes fixes) : fixes_(std::move(fixes)), splitter_(max_header) {}
  // Appends to `out` what may pass of the message up to here.  Errors: exhausted (the header is longer than
  // max_header).
  base::Result<> put(std::string_view bytes, std::string& out);
  // At the message's end: a header alone passes, too.
  void finish(std::string& out);

 private:
  template <class Split>
  base::Result<> pass(Split split, std::string& out);

  HeaderFixes fixes_;
  HeaderSplitter splitter_;
  bool passed_ = false;  // the header is out
};

}  // namespace godwit::mail
