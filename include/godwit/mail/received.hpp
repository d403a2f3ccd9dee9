// SPDX-License-Identifier: Apache-2.0
// Composes the trace fields: Received (RFC 5321 section 4.4), Return-Path and Delivered-To.  Each result is a whole
// field with its CRLF, in lines of at most 998 octets, and nothing that a peer said can add a field or break the
// syntax.  Reads Delivered-To, too.  Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::mail {

struct Trace {
  std::string hello{};           // as the client said it
  std::string client_name{};     // verified reverse name; empty: unknown
  std::string client_address{};  // "192.0.2.1", "2001:db8::1"; empty: the message was made here (DSN, local submission)
  std::string local_user{};      // of a program on this machine; then there is no client_address
  std::string hostname{};        // ours
  std::string protocol{};        // "ESMTPSA" (RFC 3848)
  base::MessageId id{};
  std::string tls_version{};  // empty: no TLS
  std::string tls_cipher{};
  std::optional<smtp::Mailbox>
      recipient;  // only when it is the only one, so that no other reader learns of hidden ones
  base::WallTime time{};
};
std::string received_field(const Trace& trace);

// "Return-Path: <alice@example.com>\r\n", added at final delivery (RFC 5321 section 4.4).
std::string return_path_field(const smtp::ReversePath& sender);
// "Delivered-To: alice@example.com\r\n": where a message has been, by which a loop is known.
std::string delivered_to_field(const smtp::Mailbox& recipient);
// Where a message says that it has been, in lower case.  `message`: as Header takes it.
std::set<std::string> delivered_to(std::string_view message);

}  // namespace godwit::mail
