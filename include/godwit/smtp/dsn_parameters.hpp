// SPDX-License-Identifier: Apache-2.0
// What a sender asks of delivery reports (RFC 3461 section 4): NOTIFY and ORCPT of RCPT, RET and ENVID of MAIL, as
// values, read from and written to the command line.  Both session machines use it, and the envelope keeps it.  Pure.
// Values that come out of the readers hold printable US-ASCII only, so that they may stand in a report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::smtp {

// RFC 3461 section 4.1; 0 is "not said", which means failure (and delay).
enum Notify : std::uint8_t { notify_never = 1, notify_success = 2, notify_failure = 4, notify_delay = 8 };

// RFC 3461 section 4.3; 0 is "not said".
enum Return : std::uint8_t { return_full = 1, return_headers = 2 };

// RFC 3461 section 5.4: as long a value must be taken; a longer one is refused.
inline constexpr std::size_t longest_envid = 100;
inline constexpr std::size_t longest_orcpt = 500;

struct RecipientParameters {
  std::uint8_t notify = 0;  // Notify bits
  // "rfc822;bob@example.net", xtext decoded; of type utf-8 in the form of utf8_address.hpp; empty: not said.
  std::string orcpt{};
  bool operator==(const RecipientParameters&) const = default;
};

// The values as the command line has them; empty: not one.
std::optional<std::uint8_t> read_notify(std::string_view value);  // "NEVER" alone, or a list of the others
std::optional<std::uint8_t> read_return(std::string_view value);  // "FULL", "HDRS"
std::optional<std::string> read_envid(std::string_view value);    // xtext decoded
std::optional<std::string> read_orcpt(std::string_view value);    // "addr-type;xtext", the latter decoded

// And back.  Nothing that they are given can end the parameter or the line.
std::string notify_text(std::uint8_t notify);
std::string return_text(std::uint8_t ret);
std::string envid_text(std::string_view envid);
// Nothing where there is none, or one that is longer than a host has to take: of type utf-8, it goes on in ASCII.
std::string orcpt_text(std::string_view orcpt);

// "+" and two upper-case hexadecimal digits for a byte, or a printable character other than "+" and "=".
bool is_xtext(std::string_view text);
// What xtext stands for, where that is printable US-ASCII (RFC 3461 sections 4.2 and 4.4 want it of both their uses);
// empty: it is not, or this is no xtext.
std::optional<std::string> read_xtext(std::string_view text);

}  // namespace godwit::smtp
