// SPDX-License-Identifier: Apache-2.0
#include "hop_counter.hpp"

namespace godwit::server {

void HopCounter::put(std::string_view bytes) {
  while (in_header_ && !bytes.empty()) {
    const char c = bytes.front();
    if (c == '\n') {
      if (line_empty_) in_header_ = false;
      line_empty_ = true;
      matched_ = 0;
    } else if (c != '\r') {
      line_empty_ = false;
      const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      if (matched_ < word.size() && lower == word[matched_]) {
        if (++matched_ == word.size()) ++count_;
      } else {
        // The rest of the line cannot matter.
        matched_ = std::string_view::npos;
        const auto end = bytes.find('\n');
        if (end == std::string_view::npos) return;
        bytes.remove_prefix(end);
        continue;
      }
    }
    bytes.remove_prefix(1);
  }
}

}  // namespace godwit::server
