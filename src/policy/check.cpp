// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/check.hpp"

#include <utility>

namespace godwit::policy {

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::connect:
      return "connect";
    case Stage::helo:
      return "helo";
    case Stage::mail:
      return "mail";
    case Stage::rcpt:
      return "rcpt";
    case Stage::data:
      return "data";
    case Stage::end:
      return "end";
  }
  return "?";
}

std::string_view to_string(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::no_opinion:
      return "none";
    case Verdict::Kind::accept:
      return "accept";
    case Verdict::Kind::reject:
      return "reject";
    case Verdict::Kind::defer:
      return "defer";
    case Verdict::Kind::discard:
      return "discard";
    case Verdict::Kind::quarantine:
      return "quarantine";
  }
  return "?";
}

Verdict no_opinion(std::string evidence) {
  return {.evidence = std::move(evidence)};
}

Verdict reject(smtp::Reply reply, std::string evidence) {
  return {.kind = Verdict::Kind::reject, .evidence = std::move(evidence), .reply = std::move(reply)};
}

Verdict defer(smtp::Reply reply, std::string evidence) {
  return {.kind = Verdict::Kind::defer, .evidence = std::move(evidence), .reply = std::move(reply)};
}

Verdict failed(std::string why) {
  return {.failure = std::move(why)};
}

Verdict judged(CheckAction action, smtp::EnhancedCode enhanced, std::string_view text, std::string evidence) {
  switch (action) {
    case CheckAction::reject:
      return reject(smtp::make_reply(550, enhanced, text), std::move(evidence));
    case CheckAction::defer:
      enhanced.klass = 4;
      return defer(smtp::make_reply(450, enhanced, text), std::move(evidence));
    case CheckAction::quarantine:
      return {.kind = Verdict::Kind::quarantine, .evidence = std::move(evidence), .reason = std::string(text)};
    case CheckAction::none:
      break;
  }
  return no_opinion(std::move(evidence));
}

}  // namespace godwit::policy
