// SPDX-License-Identifier: Apache-2.0
// Fields that an administrator wants out of a header, in it, or with other words.  Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/mail/settings.hpp"

namespace godwit::mail {

// section: whole fields; what no rule means passes byte for byte.  The rules are obeyed in their order.  Appends to
// `done` what was changed: "-User-Agent", "=Organization", "+X-Origin".
// Requires: names are those of fields, values have no line ends.
std::string apply_header_rules(std::string_view section, const std::vector<HeaderRule>& rules,
                               std::vector<std::string>& done);

}  // namespace godwit::mail
