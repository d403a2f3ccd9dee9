// SPDX-License-Identifier: Apache-2.0
// Black and white lists in DNS, with weights: all of them are asked at once at mail, and the sum of their scores
// decides. What a list does not answer in time counts as not listed.
#pragma once

#include "godwit/policy/check.hpp"
#include "godwit/policy/check_list.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

CheckEntry dns_lists_entry(const Settings& settings, const CheckStores& stores);

}  // namespace godwit::policy
