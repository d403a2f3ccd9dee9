// SPDX-License-Identifier: Apache-2.0
// The forms of local parts that matter when one is looked up.  Pure.
#pragma once

#include <string>
#include <string_view>

namespace godwit::route {

// The form in which addresses of local domains are compared: all lower case.
std::string address_key(std::string_view local, std::string_view domain);
// The percent hack, a bang path, a quoted address: relaying in disguise where one reads them as routes.
bool looks_routed(std::string_view local);
// The part before the detail separator; empty without detail.
std::string_view without_detail(std::string_view local, std::string_view separator);

}  // namespace godwit::route
