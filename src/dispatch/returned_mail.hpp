// SPDX-License-Identifier: Apache-2.0
// What came back to an address that we made to be told (route/return_paths.hpp): reports of failure and complaints are
// read, and named by the same classes as our own failures.  Pure.
#pragma once

#include <string>
#include <vector>

#include "godwit/mail/envelope.hpp"
#include "godwit/mail/failure_classifier.hpp"
#include "godwit/mail/incoming_report.hpp"
#include "godwit/route/router.hpp"

namespace godwit::dispatch {

// One recipient that a report is about.
struct Finding {
  std::string address{};
  // The address to which it came back names this recipient, so that nobody can make it up.  Else it is the report's
  // word.
  bool is_proven = false;
  bool is_complaint = false;
  bool is_final = false;  // it will not be tried again
  mail::FailureClass klass = mail::FailureClass::other;
  std::string reply{};  // may be empty
};

// Whether it came to such an address.
bool is_returned(const mail::Envelope& envelope, const route::Router& router);

std::vector<Finding> findings_of(const mail::Envelope& envelope, const mail::IncomingReport& report,
                                 const route::Router& router, const mail::FailureClassifier& classifier);

}  // namespace godwit::dispatch
