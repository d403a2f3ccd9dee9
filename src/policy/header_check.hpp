// SPDX-License-Identifier: Apache-2.0
// Messages whose header is not as RFC 5322 wants it: without an author, without a date, with fields twice that may be
// there once; or that is larger than any sensible one.  Asked at end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/policy/check.hpp"
#include "godwit/policy/check_list.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

CheckEntry header_entry(const Settings& settings, const CheckStores& stores);

// What the rules of the settings find.  Pure.  header: as Facts::header.
std::vector<Fault> header_faults(std::string_view header, const HeaderSettings& settings);

}  // namespace godwit::policy
