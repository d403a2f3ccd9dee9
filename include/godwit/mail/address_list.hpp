// SPDX-License-Identifier: Apache-2.0
// The addresses that a header field of people names (RFC 5322 section 3.4: To, Cc, Bcc, From, ...), with groups,
// comments, quoted strings, folding, and the obsolete forms of section 4.4.  For recipients taken from a message
// (sendmail -t) and for what a submission mends.  Pure, linear in the text, no recursion.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::mail {

// Offsets in a text.
struct TextSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct ListedAddress {
  smtp::Mailbox mailbox;  // domain empty: a bare local part, such as cron's "root"
  TextSpan local;         // behind its end a domain that is missing belongs
  TextSpan domain;        // empty: it is missing
};

// `text`: a field's body, folded or not, or a word of a command line.  More is understood than the grammar has, where
// it can mean but one thing: dots anywhere in a local part, empty places in the list, a group without its end, an
// address as display name.  Errors: invalid, with words for who wrote it; then nothing of the list can be trusted.
base::Result<std::vector<ListedAddress>> parse_address_list(std::string_view text);

// The addresses of people in a header, which may be rewritten.
struct HeaderAddress {
  ListedAddress address;   // offsets in the header; with a domain
  bool is_sender = false;  // of From, Sender, Reply-To and their Resent- forms; else of To, Cc, ...
};
// section: whole fields.  Fields that cannot be read are passed over.
std::vector<HeaderAddress> header_addresses(std::string_view section);
// The same section with others in the place of these addresses, one for each, and not another byte changed: folding,
// comments and names of people stay.
std::string replace_addresses(std::string_view section, const std::vector<HeaderAddress>& addresses,
                              const std::vector<smtp::Mailbox>& by);

// The same text with "@origin" behind every bare local part, else unchanged to the byte; also what cannot be read.
std::string complete_addresses(std::string_view text, std::string_view origin);

}  // namespace godwit::mail
