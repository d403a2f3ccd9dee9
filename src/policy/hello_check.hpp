// SPDX-License-Identifier: Apache-2.0
// What a client says in HELO or EHLO: who calls himself by our name, or by what is no name of a host, is no mail
// server. Asked at helo.
#pragma once

#include <string>
#include <string_view>

#include "godwit/policy/check.hpp"
#include "godwit/policy/check_list.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

CheckEntry hello_entry(const Settings& settings, const CheckStores& stores);

// What is wrong with the form of the name (RFC 5321 section 4.1.4): "is an address without brackets"; empty: nothing.
std::string hello_fault(std::string_view name, const base::IpAddress& client);

}  // namespace godwit::policy
