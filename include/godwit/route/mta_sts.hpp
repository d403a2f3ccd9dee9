// SPDX-License-Identifier: Apache-2.0
// MTA Strict Transport Security (RFC 8461): the DNS record that announces a domain's policy, the policy itself, and
// which mail hosts it lets through.  Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"

namespace godwit::route {

struct StsPolicy {
  enum class Mode { none, testing, enforce } mode = Mode::none;
  std::chrono::seconds max_age{0};
  std::vector<std::string> mx;  // lower case: "mail.example.com", "*.example.net"; none only for Mode::none
  bool operator==(const StsPolicy&) const = default;
};

std::string_view to_string(StsPolicy::Mode mode);

inline constexpr std::size_t largest_sts_policy = std::size_t{64} << 10U;  // RFC 8461 section 3.3
inline constexpr std::size_t most_sts_patterns = 200;
inline constexpr std::chrono::seconds longest_sts_age{31557600};  // RFC 8461 section 3.2

// RFC 8461 section 3.2.  Fields of other names are ignored, and of those that may come once the first counts; lines end
// with LF or CRLF.  Errors: invalid, with a sentence that says what is wrong.
base::Result<StsPolicy> parse_sts_policy(std::string_view text);

// The policy id of the TXT records at _mta-sts.DOMAIN (RFC 8461 section 3.1); empty: there is not exactly one record,
// or it is wrong, and so the domain announces no policy.
std::string sts_record_id(const std::vector<std::string>& records);

// The policy's lines as reports have them: "version: STSv1", "mode: enforce", ….
std::vector<std::string> sts_lines(const StsPolicy& policy);

// RFC 8461 section 4.1: "*." stands for exactly one label.
bool sts_allows(const StsPolicy& policy, std::string_view mail_host);
// What is said of a host that it does not allow.
inline constexpr std::string_view not_in_sts_policy = "the domain's MTA-STS policy does not name this host";

}  // namespace godwit::route
