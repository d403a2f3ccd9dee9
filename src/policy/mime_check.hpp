// SPDX-License-Identifier: Apache-2.0
// Messages by the structure of their parts: too deep, too many, malformed, contradicting themselves; and by the names
// of their attachments.  What lies in archives is not looked at.  Sees the message as it streams in, asked at end.
#pragma once

#include "godwit/policy/check.hpp"
#include "godwit/policy/check_list.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

CheckEntry mime_entry(const Settings& settings, const CheckStores& stores);

}  // namespace godwit::policy
