// SPDX-License-Identifier: Apache-2.0
// Strangers have to try again (state/greylist.hpp), unless something says that they are good.  Hosts that SPF lets send
// for a domain count as one: a pool may try again from any of them.
#pragma once

#include <string>

#include "godwit/policy/check.hpp"
#include "godwit/policy/check_list.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

CheckEntry greylist_entry(const Settings& settings, const CheckStores& stores);

// "spf:example.com", "192.0.2.0/24", "2001:db8:1:2::/64".
std::string greylist_group(const Facts& facts);

}  // namespace godwit::policy
