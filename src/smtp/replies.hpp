// SPDX-License-Identifier: Apache-2.0
// Every reply of the server session, by name.  Codes of RFC 5321 section 4.2 and RFC 4954, enhanced codes of RFC 3463
// and RFC 5248.  Texts are ours alone: nothing a peer sent is ever repeated to it.
#pragma once

#include <string_view>

#include "godwit/base/message_id.hpp"
#include "godwit/smtp/reply.hpp"
#include "godwit/smtp/server_session.hpp"
#include "offers.hpp"

namespace godwit::smtp {

struct FixedReply {
  int code = 0;
  EnhancedCode enhanced;
  std::string_view text;
};

namespace replies {

inline constexpr FixedReply ok{250, {2, 0, 0}, "Ok"};
inline constexpr FixedReply sender_ok{250, {2, 1, 0}, "Ok"};
inline constexpr FixedReply recipient_ok{250, {2, 1, 5}, "Ok"};
inline constexpr FixedReply start_data{354, {}, "End data with <CR><LF>.<CR><LF>"};
inline constexpr FixedReply bye{221, {2, 0, 0}, "Bye"};
inline constexpr FixedReply help{
    214, {2, 0, 0}, "Commands: HELO EHLO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY EXPN ETRN HELP STARTTLS AUTH"};
inline constexpr FixedReply vrfy{252, {2, 0, 0}, "Cannot verify the address, but will take a message for it and try"};

inline constexpr FixedReply vrfy_needs_utf8{252, {2, 6, 8}, "The address is not ASCII: ask with SMTPUTF8"};
inline constexpr FixedReply expn_needs_utf8{550, {5, 6, 8}, "Not all of the addresses are ASCII: ask with SMTPUTF8"};

inline constexpr FixedReply line_too_long{500, {5, 5, 2}, "Line too long"};
inline constexpr FixedReply bare_newline{
    500, {5, 5, 2}, "Bad line: lines end in <CR><LF> and hold no bare <CR>, <LF> or NUL (nc: use nc -C)"};
inline constexpr FixedReply bad_bytes{500, {5, 5, 2}, "Control or 8-bit characters in a command"};
inline constexpr FixedReply empty_line{500, {5, 5, 2}, "Empty line"};
inline constexpr FixedReply unknown_command{500, {5, 5, 1}, "Command not recognized"};
inline constexpr FixedReply not_a_command{500, {5, 5, 1}, "A header field is no command"};
inline constexpr FixedReply not_http{500, {5, 5, 1}, "This is a mail server"};
inline constexpr FixedReply not_tls{500, {5, 5, 2}, "This port speaks SMTP, not TLS from the first byte"};
inline constexpr FixedReply not_implemented{502, {5, 5, 1}, "Command not implemented"};
inline constexpr FixedReply no_parameters{501, {5, 5, 4}, "No parameters allowed"};
inline constexpr FixedReply vrfy_syntax{501, {5, 5, 4}, "Syntax: VRFY address"};
inline constexpr FixedReply expn_syntax{501, {5, 5, 4}, "Syntax: EXPN address"};
inline constexpr FixedReply etrn_syntax{501, {5, 5, 4}, "Syntax: ETRN domain"};
inline constexpr FixedReply xclient_syntax{501, {5, 5, 4}, "Syntax: XCLIENT attribute=value ..."};
// RFC 2034 section 4: no enhanced code.
inline constexpr FixedReply hello_syntax{501, {}, "Syntax: HELO or EHLO, then your host name in ASCII"};
inline constexpr FixedReply mail_syntax{501, {5, 5, 4}, "Syntax: MAIL FROM:<address>"};
inline constexpr FixedReply rcpt_syntax{501, {5, 5, 4}, "Syntax: RCPT TO:<address>"};
inline constexpr FixedReply bdat_syntax{501, {5, 5, 4}, "Syntax: BDAT size [LAST]"};
inline constexpr FixedReply sender_brackets{
    501, {5, 1, 7}, "Put the address in angle brackets: MAIL FROM:<user@example.com>"};
inline constexpr FixedReply recipient_brackets{
    501, {5, 1, 3}, "Put the address in angle brackets: RCPT TO:<user@example.com>"};
inline constexpr FixedReply bad_sender{501, {5, 1, 7}, "Bad sender address syntax"};
inline constexpr FixedReply bad_recipient{501, {5, 1, 3}, "Bad recipient address syntax"};
inline constexpr FixedReply non_ascii_address{553, {5, 6, 7}, "Non-ASCII address without SMTPUTF8"};
inline constexpr FixedReply parameter_syntax{501, {5, 5, 4}, "Bad or repeated parameter"};
inline constexpr FixedReply unknown_parameter{555, {5, 5, 4}, "Parameter not recognized"};

inline constexpr FixedReply etrn_refused{459, {4, 7, 1}, "ETRN is for trusted clients"};
inline constexpr FixedReply etrn_in_transaction{503, {5, 5, 1}, "ETRN is not allowed within a mail transaction"};
inline constexpr FixedReply xclient_refused{550, {5, 7, 1}, "XCLIENT is for trusted clients"};
inline constexpr FixedReply xclient_in_transaction{503, {5, 5, 1}, "XCLIENT is not allowed within a mail transaction"};
inline constexpr FixedReply need_hello{503, {5, 5, 1}, "Send HELO or EHLO first"};
inline constexpr FixedReply nested_mail{503, {5, 5, 1}, "The sender was given already"};
inline constexpr FixedReply need_mail{503, {5, 5, 1}, "Need MAIL first"};
inline constexpr FixedReply bdat_under_way{503, {5, 5, 1}, "The message was begun with BDAT"};
inline constexpr FixedReply binary_needs_bdat{503, {5, 5, 1}, "A BINARYMIME message is sent with BDAT"};
inline constexpr FixedReply need_recipient{503, {5, 5, 1}, "Need RCPT first"};
inline constexpr FixedReply no_valid_recipients{554, {5, 5, 1}, "No valid recipients"};
inline constexpr FixedReply too_many_recipients{
    452, {4, 5, 3}, "Too many recipients; send the message for the rest again"};

inline constexpr FixedReply too_many_domains{
    452, {4, 5, 3}, "Too many recipient domains; send the message for the rest in another connection"};

inline constexpr FixedReply starttls_ready{220, {2, 0, 0}, "Ready to start TLS"};
inline constexpr FixedReply starttls_twice{503, {5, 5, 1}, "TLS is active already"};
inline constexpr FixedReply starttls_not_offered{502, {5, 5, 1}, "STARTTLS is not offered here"};

inline constexpr FixedReply auth_not_offered{503, {5, 5, 1}, "AUTH is not offered here"};
inline constexpr FixedReply auth_needs_tls{538, {5, 7, 11}, "Encryption required: use STARTTLS first"};
inline constexpr FixedReply auth_needs_ehlo{503, {5, 5, 1}, "Send EHLO first"};
inline constexpr FixedReply auth_twice{503, {5, 5, 1}, "Authenticated already"};
inline constexpr FixedReply auth_in_transaction{503, {5, 5, 1}, "AUTH is not allowed within a mail transaction"};
inline constexpr FixedReply auth_syntax{501, {5, 5, 4}, "Syntax: AUTH mechanism [initial response]"};
inline constexpr FixedReply auth_mechanism{504, {5, 5, 4}, "Mechanism not supported"};
inline constexpr FixedReply auth_cancelled{501, {5, 7, 0}, "Authentication cancelled"};
inline constexpr FixedReply auth_malformed{501, {5, 5, 2}, "Malformed authentication response"};
inline constexpr FixedReply auth_too_long{500, {5, 5, 6}, "Authentication line too long"};  // RFC 4954 section 4
inline constexpr FixedReply auth_ok{235, {2, 7, 0}, "Authentication successful"};
inline constexpr FixedReply auth_rejected{535, {5, 7, 8}, "Authentication credentials invalid"};
inline constexpr FixedReply auth_unavailable{454, {4, 7, 0}, "Temporary authentication failure"};
inline constexpr FixedReply auth_locked_out{454, {4, 7, 0}, "Too many failed logins; try again later"};
inline constexpr FixedReply auth_required{530, {5, 7, 0}, "Authentication required"};
inline constexpr FixedReply tls_required{530, {5, 7, 0}, "Must issue a STARTTLS command first"};
// Challenges (RFC 4954 section 4): nothing for PLAIN; base 64 of "Username:" and "Password:" for LOGIN.
inline constexpr FixedReply challenge_empty{334, {}, ""};
inline constexpr FixedReply challenge_user{334, {}, "VXNlcm5hbWU6"};
inline constexpr FixedReply challenge_password{334, {}, "UGFzc3dvcmQ6"};

inline constexpr FixedReply too_large{552, {5, 3, 4}, "Message size exceeds the limit"};
inline constexpr FixedReply spool_full{452, {4, 3, 1}, "Insufficient system storage"};
inline constexpr FixedReply spool_busy{451, {4, 3, 0}, "Cannot take mail right now, try again later"};
inline constexpr FixedReply not_canonical{550, {5, 6, 0}, "Message content is malformed"};
inline constexpr FixedReply data_bare_newline{
    550, {5, 6, 0}, "Message contains bare <CR> or <LF>; lines must end in <CR><LF>"};
inline constexpr FixedReply data_nul{550, {5, 6, 0}, "Message contains NUL"};
inline constexpr FixedReply refused_by_policy{550, {5, 7, 1}, "Message refused"};

// With the host's name, as RFC 5321 section 4.2.3 wants it for 220, 221, 250 and 421.
Reply greeting(const SessionSettings& settings);
Reply helo(const SessionSettings& settings);
Reply ehlo(const SessionSettings& settings, const Offers& offers);
Reply too_many_errors(const SessionSettings& settings);
Reply too_many_messages(const SessionSettings& settings);
Reply only_newlines(const SessionSettings& settings);
Reply timed_out(const SessionSettings& settings);
Reply stopping(const SessionSettings& settings);

Reply chunk_taken(std::uint64_t octets);
Reply queued(base::MessageId id);
Reply refused(const event::Refused& refused);

}  // namespace replies

inline Reply make_reply(const FixedReply& reply) {
  return make_reply(reply.code, reply.enhanced, reply.text);
}

}  // namespace godwit::smtp
