// SPDX-License-Identifier: Apache-2.0
// Command lines as values (RFC 5321 section 4.1.1, RFC 1870, RFC 3030, RFC 6152, RFC 4954, RFC 3461, RFC 6531).  Pure
// functions: string_view → value or the reply that refuses it; nothing is allocated to refuse.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "godwit/smtp/server_session.hpp"
#include "offers.hpp"
#include "replies.hpp"

namespace godwit::smtp {

enum class Verb {
  helo,
  ehlo,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  quit,
  vrfy,
  help,
  expn,
  etrn,
  xclient,
  starttls,
  auth,
  http,
  header_field,  // "Host: ..." of a browser, "Subject: ..." of a client that believes it was sent 354
  unknown
};

struct Command {
  Verb verb = Verb::unknown;
  std::string_view argument;  // without the white space around it
  std::string_view line;      // all of it
};

// Requires: no CR, LF or NUL in `line`.  Refuses control characters, 8-bit ones where no address stands, and the empty
// line.
std::expected<Command, FixedReply> parse_command(std::string_view line);

// BDAT (RFC 3030 section 2).
struct BdatCommand {
  std::uint64_t size = 0;
  bool last = false;
};
std::expected<BdatCommand, FixedReply> parse_bdat(std::string_view argument);

struct MailCommand {
  ReversePath sender;
  // ASCII, unless SMTPUTF8 is among the parameters.
  MailParameters parameters;  // size: the greatest number there is, where the number said does not fit
};
// bare: addresses may go without a domain.
std::expected<MailCommand, FixedReply> parse_mail(std::string_view argument, MailOffers offers,
                                                  BareLocal bare = BareLocal::refuse);

// The argument of VRFY and EXPN: an address in brackets or without, or a name alone; "SMTPUTF8" may follow (RFC 6531
// section 3.7.4.2).
struct InquiryCommand {
  Mailbox mailbox;
  bool utf8 = false;  // the answer may hold addresses that are not ASCII
};
std::expected<InquiryCommand, FixedReply> parse_inquiry(std::string_view argument);

struct RcptCommand {
  Mailbox recipient;
  RecipientParameters parameters;
};
std::expected<RcptCommand, FixedReply> parse_rcpt(std::string_view argument, Utf8 utf8,
                                                  BareLocal bare = BareLocal::refuse);

}  // namespace godwit::smtp
