// SPDX-License-Identifier: Apache-2.0
// Names what kept recipients from being delivered to, and lets rules decide where a host's first digit misleads.  Pure.
#pragma once

#include <optional>
#include <vector>

#include "godwit/deliver/agent.hpp"
#include "godwit/mail/failure_classifier.hpp"

namespace godwit::dispatch {

// Sets the class of each outcome that is no delivery, and its kind where a rule says `then`.
void classify(const mail::FailureClassifier& classifier, deliver::Outcomes& outcomes);

// Of each recipient, by its last reply; nothing: it had none, or was delivered.
std::vector<std::optional<mail::FailureClass>> classes_of(const mail::FailureClassifier& classifier,
                                                          const mail::Envelope& envelope);

}  // namespace godwit::dispatch
