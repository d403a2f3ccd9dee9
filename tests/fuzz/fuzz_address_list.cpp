// SPDX-License-Identifier: Apache-2.0
// Whatever is read as a list of addresses reads the same when it is written plainly, and completed it has no bare one.
#include "fuzz/fuzz.hpp"
#include "godwit/mail/address_list.hpp"

namespace godwit::fuzz {

void fuzz_address_list(std::string_view input) {
  const auto list = mail::parse_address_list(input);
  if (!list) return require(mail::complete_addresses(input, "x.example") == input);
  std::string plain;
  for (const auto& listed : *list) {
    require(listed.local.begin < listed.local.end && listed.local.end <= input.size());
    require(listed.domain.end == 0 || (listed.domain.begin >= listed.local.end && listed.domain.end <= input.size()));
    plain += to_string(listed.mailbox) + ", ";
  }
  require(is_one_line(plain));
  const auto again = mail::parse_address_list(plain);
  const auto completed = mail::parse_address_list(mail::complete_addresses(input, "x.example"));
  require(again && completed && again->size() == list->size() && completed->size() == list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto expected = (*list)[i].mailbox;
    require((*again)[i].mailbox == expected);
    if (expected.domain.empty()) expected.domain = "x.example";
    require((*completed)[i].mailbox == expected);
  }
}

}  // namespace godwit::fuzz
