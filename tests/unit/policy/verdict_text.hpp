// SPDX-License-Identifier: Apache-2.0
// A verdict as one line, for tables.
#pragma once

#include <string>

#include "godwit/policy/check.hpp"

namespace godwit::policy {

inline std::string verdict_text(const Verdict& verdict) {
  if (!verdict.failure.empty()) return "failed: " + verdict.failure;
  std::string text(to_string(verdict.kind));
  if (verdict.reply) text += " " + to_line(*verdict.reply);
  if (!verdict.reason.empty()) text += " because " + verdict.reason;
  if (!verdict.header.empty()) text += " with " + verdict.header;
  if (!verdict.evidence.empty()) text += " for " + verdict.evidence;
  if (verdict.vouches) text += " vouching";
  if (verdict.if_others_take) text += " if others take it";
  if (verdict.softens) text += " softening";
  return text;
}

}  // namespace godwit::policy
