// SPDX-License-Identifier: Apache-2.0
// The checks that ask services outside, by the names that the configuration gives them: "http:NAME", "delegate:NAME".
#pragma once

#include <optional>
#include <string>

#include "godwit/policy/check.hpp"
#include "godwit/policy/check_list.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

// Nothing: there is no such service.
std::optional<CheckEntry> service_entry(const std::string& name, const Settings& settings, const CheckStores& stores);

}  // namespace godwit::policy
