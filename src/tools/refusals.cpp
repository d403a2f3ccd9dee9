// SPDX-License-Identifier: Apache-2.0
#include "refusals.hpp"

#include <sysexits.h>

#include "godwit/base/text.hpp"

namespace godwit::tools {

int status_of(const smtp::RecipientResult& result) {
  const auto code = result.reply ? result.reply->enhanced : result.enhanced;
  constexpr int addressing = 1, protocol = 5, content = 6, policy = 7;  // RFC 3463 section 3
  constexpr int bad_syntax_of_recipient = 3, bad_syntax_of_sender = 7;
  if (code.subject == policy) return EX_NOPERM;
  if (code.subject == addressing && (code.detail == bad_syntax_of_recipient || code.detail == bad_syntax_of_sender))
    return EX_DATAERR;
  if (code.subject == addressing) return EX_NOUSER;
  if (code.subject == protocol || code.subject == content) return EX_DATAERR;
  return EX_UNAVAILABLE;
}

bool is_of_sender(const smtp::RecipientResult& result) {
  return result.verdict == smtp::RecipientResult::Verdict::failed && result.stage == smtp::Stage::mail && result.reply;
}

std::string words_of(const smtp::RecipientResult& result) {
  if (!result.reply) return base::printable(result.why);
  const auto line = base::printable(to_line(*result.reply));
  return result.why.empty() ? line : line + " (" + base::printable(result.why) + ")";
}

}  // namespace godwit::tools
