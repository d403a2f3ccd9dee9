// SPDX-License-Identifier: Apache-2.0
// Colours for a terminal: headings, and words in a column of their own that say how well something is.
#pragma once

#include <string>
#include <string_view>

#include "console.hpp"

namespace godwit::tools {

// Text of tables (table.hpp) with escape sequences around; without these it is the same.  Pure.
std::string painted(std::string_view text);

// In colour where the console has it.
void show(const Console& console, std::string_view text);

}  // namespace godwit::tools
