// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/canonical_lines.hpp"

namespace godwit::smtp {

void append_canonical(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const auto end = bytes.find_first_of("\r\n");
    out.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    out.append("\r\n");
    bytes.remove_prefix(end);
    bytes.remove_prefix(bytes.starts_with("\r\n") ? 2 : 1);
  }
}

}  // namespace godwit::smtp
