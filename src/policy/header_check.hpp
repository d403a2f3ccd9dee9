// SPDX-License-Identifier: Apache-2.0
// Messages whose header is not as RFC 5322 wants it: without or with several authors, without a date, with fields twice
// that may be there once, with text before its first field.  Asked at end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/policy/check.hpp"
#include "godwit/policy/check_list.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

CheckEntry header_entry(const Settings& settings, const CheckStores& stores);

// What a rule of the settings finds, strictest first.
struct HeaderFault {
  CheckAction action = CheckAction::none;
  std::string text;  // "The message has no From"
};
// Pure.  header: as Facts::header.
std::vector<HeaderFault> header_faults(std::string_view header, const HeaderSettings& settings);

}  // namespace godwit::policy
