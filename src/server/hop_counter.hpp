// SPDX-License-Identifier: Apache-2.0
// Counts the Received fields of a message as its body streams by (RFC 5321 section 6.3), without holding the header.
// Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace godwit::server {

class HopCounter {
 public:
  void put(std::string_view bytes);
  std::size_t count() const { return count_; }

 private:
  static constexpr std::string_view word = "received:";
  std::size_t matched_ = 0;  // of `word`, at the start of this line; npos: this line is something else
  bool in_header_ = true;
  bool line_empty_ = true;
  std::size_t count_ = 0;
};

}  // namespace godwit::server
