// SPDX-License-Identifier: Apache-2.0
#include "header_recipients.hpp"

#include <algorithm>
#include <string>

#include "godwit/base/text.hpp"
#include "godwit/mail/address_list.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/header_fixer.hpp"

namespace godwit::tools {

base::Result<std::vector<smtp::Mailbox>> header_recipients(std::string_view message) {
  // The line end that the message may lack, so that a header alone is whole.
  const std::string ended = std::string(message.substr(0, mail::HeaderFixer::max_header)) + "\r\n";
  const mail::Header header(ended,
                            {.bytes = mail::HeaderFixer::max_header + 2, .fields = mail::HeaderFixer::max_header});
  if (!header.complete()) return base::fail(base::ErrorKind::invalid, "the header is longer than 1 MiB");
  const bool resent =
      std::ranges::any_of(header.fields(), [](const auto& f) { return base::istarts_with(f.name, "resent-"); });
  const std::string prefix = resent ? "resent-" : "";
  std::vector<smtp::Mailbox> recipients;
  for (const auto& field : header.fields()) {
    const auto name = base::to_lower(field.name);
    if (name != prefix + "to" && name != prefix + "cc" && name != prefix + "bcc") continue;
    const auto list = mail::parse_address_list(field.body);
    if (!list) return base::fail(base::ErrorKind::invalid, std::string(field.name) + ": " + list.error().message);
    for (const auto& listed : *list) recipients.push_back(listed.mailbox);
  }
  return recipients;
}

}  // namespace godwit::tools
