// SPDX-License-Identifier: Apache-2.0
// What addresses of ours are protected by that carry something back to us: a hash that only we can make, and the day on
// which it was made.  The forms are those of SRS (srs.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::mail {

// The first characters of the HMAC-SHA1 of `data` in lower case, in base 64.
std::string short_hash(const std::string& secret, std::string_view data);
// Whether one of the secrets made it; letters may have been changed to one case, all of them.
bool is_hash_of(std::string_view hash, const std::vector<std::string>& secrets, std::string_view data);

// The day, two characters of base 32.
std::string day_text(base::WallTime time);
// Which day of the 1024 that it can tell.
std::optional<int> parse_day(std::string_view text);
// Within three weeks.  A clock that is slow by a day, where several hosts share a secret, does no harm.
bool is_recent(int day, base::WallTime now);

// "a=b=rest" → {a, b, rest}; fewer where there are fewer.
std::vector<std::string_view> split_first(std::string_view text, std::size_t parts);
// Its local part has no more than the 64 octets that every host takes (RFC 5321 section 4.5.3.1.1).
bool has_fit_local_part(const smtp::Mailbox& mailbox);

}  // namespace godwit::mail
