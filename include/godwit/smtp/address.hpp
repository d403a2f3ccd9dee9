// SPDX-License-Identifier: Apache-2.0
// Mail addresses as RFC 5321 section 4.1.2 writes them in MAIL and RCPT.  Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::smtp {

// One address, in the form in which two equal addresses are equal strings:
//  * local: what the quoting means, not the quoting ("a b"@x and "a\ b"@x are both `a b`); case kept;
//  * domain: lower case without a trailing dot, internationalized ones in A-labels (RFC 5890, "xn--…"), as DNS and
//  hosts
//    without SMTPUTF8 know them; or an address literal "[192.0.2.1]" / "[IPv6:2001:db8::1]"; empty only for
//    <Postmaster> (RFC 5321 section 4.1.1.3) and for bare addresses that `origin` completes.
struct Mailbox {
  std::string local;
  std::string domain;
  auto operator<=>(const Mailbox&) const = default;
  bool has_literal_domain() const { return domain.starts_with('['); }
};

// "local@domain", quoting the local part where its characters need it; "local" when there is no domain.
std::string to_string(const Mailbox& mailbox);

// The reverse-path: empty is <>.
using ReversePath = std::optional<Mailbox>;
// "" for <>, else to_string.
std::string to_string(const ReversePath& path);

// Parses "local@domain" without brackets (configuration, command line, headers of ours).  A missing domain is an error
// unless `bare` is allowed.  utf8: RFC 6531 characters are allowed.
enum class BareLocal { refuse, allow };
enum class Utf8 { refuse, allow };
base::Result<Mailbox> parse_mailbox(std::string_view text, BareLocal bare = BareLocal::refuse,
                                    Utf8 utf8 = Utf8::refuse);

// Parses "<...>" at the start of `text`: source routes are read and ignored (RFC 5321 appendix C), and `rest` is what
// follows the ">".  bare: also other local parts than Postmaster go without a domain.
struct ParsedPath {
  ReversePath path;  // empty: "<>"
  std::string_view rest;
};
base::Result<ParsedPath> parse_path(std::string_view text, Utf8 utf8, BareLocal bare = BareLocal::refuse);

// A name as RFC 5321's Domain (letters, digits, hyphens; also underscores, which real hosts use) in the form of
// Mailbox::domain; or an address literal.
base::Result<std::string> parse_domain(std::string_view text, Utf8 utf8 = Utf8::refuse);

}  // namespace godwit::smtp
