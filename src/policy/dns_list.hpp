// SPDX-License-Identifier: Apache-2.0
// Lists in DNS (RFC 5782): what is asked for, and what an answer means.  Pure.
#pragma once

#include <string>
#include <string_view>

#include "godwit/base/ip_address.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

// "4.3.2.1.zone", or 32 nibbles of an IPv6 address.
std::string listed_name(const base::IpAddress& address, std::string_view zone);
// "domain.zone"; empty: nothing that can be listed (an address, a word without a dot).
std::string listed_name(std::string_view domain, std::string_view zone);

// Answers are addresses of 127.0.0.0/8 (section 2.1).  Others come from a zone that is no list any more; those of
// 127.255.255.0/24 say that we may not ask (too often, or through a resolver that everybody uses).
enum class ListAnswer { entry, refusal, foreign };
ListAnswer kind_of(const base::IpAddress& answer);

bool fits(const AnswerPattern& pattern, const base::IpAddress& answer);

}  // namespace godwit::policy
