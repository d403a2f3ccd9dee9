// SPDX-License-Identifier: Apache-2.0
// Senders whose domain does not exist or takes no mail: nobody could be told that his mail came back.  Asked at mail.
#pragma once

#include "godwit/policy/check.hpp"
#include "godwit/policy/check_list.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

CheckEntry sender_domain_entry(const Settings& settings, const CheckStores& stores);

}  // namespace godwit::policy
