// SPDX-License-Identifier: Apache-2.0
#include "returned_mail.hpp"

#include <algorithm>
#include <optional>

#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

// As it was named in RCPT.
std::optional<smtp::Mailbox> asked_for(const mail::Recipient& recipient) {
  if (recipient.original.empty()) return recipient.address;
  auto asked = smtp::parse_mailbox(recipient.original, smtp::BareLocal::refuse, smtp::Utf8::allow);
  if (!asked) return {};
  return std::move(*asked);
}

std::optional<smtp::Mailbox> told_about(const mail::Recipient& recipient, const route::Router& router) {
  const auto asked = asked_for(recipient);
  return asked ? router.recipient_told_by(*asked) : std::nullopt;
}

bool is_forwarded_back(const mail::Recipient& recipient, const route::Router& router) {
  const auto asked = asked_for(recipient);
  return asked && router.leads_back(*asked);
}

Finding finding_of(const mail::ReportedRecipient& reported, const mail::IncomingReport& report,
                   const mail::FailureClassifier& classifier) {
  Finding finding{.address = reported.address.empty() ? reported.original : reported.address};
  finding.is_complaint = report.kind == mail::IncomingReport::Kind::complaint;
  finding.is_final = reported.action == "failed";
  if (reported.reply.code == 0) return finding;
  finding.klass = classifier.classify(reported.reply, smtp::Stage::rcpt).klass;
  finding.reply = to_line(reported.reply);
  return finding;
}

// What the report says of this recipient; of an address that the recipient's host knows by another name it speaks
// alone.
Finding proven(const smtp::Mailbox& recipient, const mail::IncomingReport& report,
               const mail::FailureClassifier& classifier) {
  const auto address = to_string(recipient);
  const auto named = std::ranges::find_if(report.recipients, [&](const mail::ReportedRecipient& reported) {
    return base::iequals(reported.address, address) || base::iequals(reported.original, address);
  });
  Finding finding;
  if (named != report.recipients.end())
    finding = finding_of(*named, report, classifier);
  else if (report.recipients.size() == 1)
    finding = finding_of(report.recipients.front(), report, classifier);
  finding.is_complaint = report.kind == mail::IncomingReport::Kind::complaint;
  finding.address = address;
  finding.is_proven = true;
  return finding;
}

}  // namespace

bool is_returned(const mail::Envelope& envelope, const route::Router& router) {
  return std::ranges::any_of(envelope.recipients, [&](const mail::Recipient& recipient) {
    return told_about(recipient, router) || is_forwarded_back(recipient, router);
  });
}

std::vector<Finding> findings_of(const mail::Envelope& envelope, const mail::IncomingReport& report,
                                 const route::Router& router, const mail::FailureClassifier& classifier) {
  std::vector<Finding> findings;
  bool by_its_word = false;
  for (const auto& recipient : envelope.recipients) {
    if (const auto about = told_about(recipient, router))
      findings.push_back(proven(*about, report, classifier));
    else
      by_its_word = by_its_word || is_forwarded_back(recipient, router);
  }
  if (by_its_word && findings.empty())
    for (const auto& reported : report.recipients) findings.push_back(finding_of(reported, report, classifier));
  return findings;
}

}  // namespace godwit::dispatch
