// SPDX-License-Identifier: Apache-2.0
// What one answer says about a question: CNAMEs followed, found or not, and for how long that may be remembered (RFC
// 1034 section 3.6.2, RFC 2308, RFC 6604).  Private to dns/; pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "godwit/dns/message.hpp"

namespace godwit::dns {

inline constexpr std::chrono::seconds longest_ttl = std::chrono::hours(24);
inline constexpr std::chrono::seconds longest_negative_ttl = std::chrono::hours(1);
inline constexpr int most_cnames = 16;

struct Outcome {
  Status status = Status::temporary;
  std::vector<Rdata> records;
  std::chrono::seconds ttl{0};  // 0: not to be remembered
  bool authentic = false;
  std::string canonical_name;
  std::string why;
  int cnames = 0;           // followed so far
  bool incomplete = false;  // ends in a CNAME whose target the server did not look up: canonical_name must be asked for
};

Outcome temporary(std::string why);
Outcome evaluate(const Message& message, const Question& question);

}  // namespace godwit::dns
