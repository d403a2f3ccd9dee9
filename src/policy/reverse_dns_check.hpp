// SPDX-License-Identifier: Apache-2.0
// Hosts that have no name in reverse DNS, or one that does not lead back to them.  Asked at connect.
#pragma once

#include "godwit/policy/check.hpp"
#include "godwit/policy/check_list.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

CheckEntry reverse_dns_entry(const Settings& settings, const CheckStores& stores);

}  // namespace godwit::policy
