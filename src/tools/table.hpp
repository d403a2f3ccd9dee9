// SPDX-License-Identifier: Apache-2.0
// Text in columns for a terminal.
#pragma once

#include <string>
#include <vector>

namespace godwit::tools {

// Every column as wide as its widest cell, two spaces between, nothing at line ends; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace godwit::tools
