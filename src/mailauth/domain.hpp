// SPDX-License-Identifier: Apache-2.0
// Names of domains as texts.  Pure.
#pragma once

#include <string_view>

namespace godwit::mailauth {

// Labels of letters, digits, hyphens and underscores, none empty or too long: fit for a DNS name of ours to be made of.
bool is_domain_name(std::string_view name);
// ASCII case-insensitive.
bool is_same_or_below(std::string_view name, std::string_view domain);

}  // namespace godwit::mailauth
