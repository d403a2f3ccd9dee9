// SPDX-License-Identifier: Apache-2.0
// Words of a YAML file that is written for people.  Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace godwit::setup {

// In double quotes; control bytes are escaped, what is no UTF-8 becomes U+FFFD.
std::string yaml_string(std::string_view text);
// As it stands where that is surely a string, else in quotes.
std::string yaml_word(std::string_view text);
// "[a, b]".
std::string yaml_list(const std::vector<std::string>& texts);
// The one alone, or a list.
std::string yaml_one_or_list(const std::vector<std::string>& texts);

}  // namespace godwit::setup
