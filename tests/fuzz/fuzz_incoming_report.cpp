// SPDX-License-Identifier: Apache-2.0
// Whatever comes as a report, what is read of it is bounded and has no control bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "godwit/mail/incoming_report.hpp"

using namespace godwit;

namespace {

void check(const std::string& text) {
  if (text.size() > 4096 || std::ranges::any_of(text, [](unsigned char c) { return c < 0x20; })) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto report = mail::read_report({reinterpret_cast<const char*>(data), size});
  if (!report) return 0;
  if (report->recipients.size() > mail::max_reported) std::abort();
  check(report->about);
  check(report->reporter);
  for (const auto& recipient : report->recipients) {
    check(recipient.address);
    check(recipient.original);
    check(recipient.action);
    check(to_line(recipient.reply));
  }
  return 0;
}
