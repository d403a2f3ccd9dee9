// SPDX-License-Identifier: Apache-2.0
// The ARC sets of a message (RFC 8617 section 4): found, put in order, and what a seal covers.  Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/mail/header.hpp"

namespace godwit::mailauth {

struct ArcSet {
  std::optional<mail::HeaderField> results;
  std::optional<mail::HeaderField> message;
  std::optional<mail::HeaderField> seal;
};

// By instance, the first one first; empty: no chain.  Error invalid: a field without its number, one that comes twice,
// or a gap.
base::Result<std::vector<ArcSet>> find_arc_sets(const mail::Header& header);

// The SHA-256 of what the last seal of these signs (section 5.1.1): all sets, its own field without the value of b=,
// which is from `begin` to `end`.
std::string sealed_digest(const std::vector<ArcSet>& sets, std::size_t begin, std::size_t end);

}  // namespace godwit::mailauth
