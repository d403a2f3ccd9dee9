// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/check.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/mail/safe_text.hpp"

namespace godwit::policy {
namespace {

int strictness(CheckAction action) {
  switch (action) {
    case CheckAction::reject:
      return 4;
    case CheckAction::defer:
      return 3;
    case CheckAction::quarantine:
      return 2;
    case CheckAction::header:
      return 1;
    case CheckAction::none:
      break;
  }
  return 0;
}

// What the mail readers and filters of recipients see of it.
std::string finding_field(std::string_view text) {
  return mail::folded_field("X-Godwit-Finding", mail::safe_text(text));
}

}  // namespace

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
      return reject(smtp::make_reply(550, enhanced, mail::safe_text(text)), std::move(evidence));
    case CheckAction::defer:
      enhanced.klass = 4;
      return defer(smtp::make_reply(450, enhanced, mail::safe_text(text)), std::move(evidence));
    case CheckAction::quarantine:
      return {.kind = Verdict::Kind::quarantine, .evidence = std::move(evidence), .reason = std::string(text)};
    case CheckAction::header:
      return {.evidence = std::move(evidence), .header = finding_field(text)};
    case CheckAction::none:
      break;
  }
  return no_opinion(std::move(evidence));
}

Verdict judged(std::vector<Fault> faults, smtp::EnhancedCode enhanced) {
  if (faults.empty()) return no_opinion();
  std::ranges::stable_sort(faults, std::ranges::greater(), [](const Fault& fault) { return strictness(fault.action); });
  std::vector<std::string> all;
  std::string fields;
  for (const auto& fault : faults) {
    all.push_back(fault.text);
    if (fault.action == CheckAction::header) fields += finding_field(fault.text);
  }
  auto verdict = judged(faults.front().action, enhanced, faults.front().text, base::join(all, "; "));
  verdict.header = std::move(fields);
  return verdict;
}

}  // namespace godwit::policy
