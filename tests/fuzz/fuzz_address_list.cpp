// SPDX-License-Identifier: Apache-2.0
// Whatever is read as a list of addresses reads the same when it is written plainly, and completed it has no bare one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "godwit/mail/address_list.hpp"

using namespace godwit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto list = mail::parse_address_list(text);
  if (!list) {
    if (mail::complete_addresses(text, "x.example") != text) std::abort();
    return 0;
  }
  std::string plain;
  for (const auto& listed : *list) {
    if (listed.local.begin >= listed.local.end || listed.local.end > text.size()) std::abort();
    if (listed.domain.end != 0 && (listed.domain.begin <= listed.local.end - 1 || listed.domain.end > text.size()))
      std::abort();
    plain += to_string(listed.mailbox) + ", ";
  }
  if (plain.find_first_of("\r\n") != std::string::npos || plain.contains('\0')) std::abort();
  const auto again = mail::parse_address_list(plain);
  const auto completed = mail::parse_address_list(mail::complete_addresses(text, "x.example"));
  if (!again || !completed || again->size() != list->size() || completed->size() != list->size()) std::abort();
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto expected = (*list)[i].mailbox;
    if ((*again)[i].mailbox != expected) std::abort();
    if (expected.domain.empty()) expected.domain = "x.example";
    if ((*completed)[i].mailbox != expected) std::abort();
  }
  return 0;
}
