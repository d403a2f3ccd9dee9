// SPDX-License-Identifier: Apache-2.0
// Whatever comes as a report, what is read of it is bounded and has no control bytes.
#include "fuzz/fuzz.hpp"
#include "godwit/mail/incoming_report.hpp"

namespace godwit::fuzz {
namespace {

void check(std::string_view text) {
  require(text.size() <= 4096 && std::ranges::none_of(text, [](char c) { return c >= 0 && c < ' '; }));
}

}  // namespace

void fuzz_incoming_report(std::string_view input) {
  const auto report = mail::read_report(input);
  if (!report) return;
  require(report->recipients.size() <= mail::max_reported);
  check(report->about);
  check(report->reporter);
  for (const auto& recipient : report->recipients) {
    check(recipient.address);
    check(recipient.original);
    check(recipient.action);
    check(to_line(recipient.reply));
  }
}

}  // namespace godwit::fuzz
