// SPDX-License-Identifier: Apache-2.0
// What holds of every verdict that a program outside has given.
#pragma once

#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/policy/check.hpp"

namespace godwit::fuzz {

inline void check_verdict(const policy::Verdict& verdict, smtp::Utf8 utf8) {
  using Kind = policy::Verdict::Kind;
  require(is_printable(verdict.evidence) && is_printable(verdict.reason) && is_printable(verdict.failure));
  if (!verdict.failure.empty()) return;
  require(are_fields(verdict.header) && base::is_ascii(verdict.header));
  const bool refuses = verdict.kind == Kind::reject || verdict.kind == Kind::defer;
  require(refuses == verdict.reply.has_value());
  if (!refuses) return;
  require(verdict.kind == Kind::reject ? verdict.reply->permanent() : verdict.reply->transient());
  const auto wire = to_wire(*verdict.reply);
  require(wire.ends_with("\r\n") && is_printable(std::string_view(wire).substr(0, wire.size() - 2)));
  require(wire.size() <= 512 && (utf8 == smtp::Utf8::allow ? base::is_valid_utf8(wire) : base::is_ascii(wire)));
}

}  // namespace godwit::fuzz
