// SPDX-License-Identifier: Apache-2.0
// A header section cut into its fields.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "crlf.hpp"
#include "header_line.hpp"

namespace godwit::mail {

// `section`: whole fields.  Each with its CRLF and the lines that go on with it; views into `section`.
inline std::vector<std::string_view> split_section(std::string_view section) {
  std::vector<std::string_view> fields;
  while (!section.empty()) {
    std::size_t size = 0;
    do {
      const auto end = section.find(crlf, size);
      size = end == std::string_view::npos ? section.size() : end + crlf.size();
    } while (size < section.size() && continues_field(section.substr(size)));
    fields.push_back(section.substr(0, size));
    section.remove_prefix(size);
  }
  return fields;
}

}  // namespace godwit::mail
