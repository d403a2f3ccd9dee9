// SPDX-License-Identifier: Apache-2.0
#include "failures.hpp"

namespace godwit::dispatch {
namespace {

using deliver::Outcome;

Outcome::Kind decided(const Outcome& outcome, mail::FailureAction then) {
  if (!outcome.remote) return outcome.kind;  // what we say ourselves needs no reading
  switch (then) {
    case mail::FailureAction::as_replied:
      break;
    case mail::FailureAction::retry:
      return Outcome::Kind::deferred;
    case mail::FailureAction::bounce:
      return Outcome::Kind::failed;
  }
  return outcome.kind;
}

}  // namespace

void classify(const mail::FailureClassifier& classifier, deliver::Outcomes& outcomes) {
  for (auto& outcome : outcomes) {
    if (outcome.kind == Outcome::Kind::delivered) continue;
    const auto found = classifier.classify(outcome.reply, outcome.stage);
    outcome.klass = found.klass;
    outcome.kind = decided(outcome, found.then);
  }
}

std::vector<std::optional<mail::FailureClass>> classes_of(const mail::FailureClassifier& classifier,
                                                          const mail::Envelope& envelope) {
  std::vector<std::optional<mail::FailureClass>> classes;
  for (const auto& recipient : envelope.recipients) {
    auto& klass = classes.emplace_back();
    if (recipient.last_reply.empty() || recipient.state == mail::RecipientState::delivered) continue;
    klass = classifier.classify(recipient.last_reply).klass;
  }
  return classes;
}

}  // namespace godwit::dispatch
