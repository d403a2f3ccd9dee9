// SPDX-License-Identifier: Apache-2.0
#include "header_scan.hpp"

#include <algorithm>

#include "godwit/base/text.hpp"

namespace godwit::server {
namespace {

constexpr std::string_view received = "received:";
constexpr std::size_t kept = 16;  // of a line

}  // namespace

void HeaderScan::put(std::string_view bytes) {
  while (in_header_ && !bytes.empty()) {
    const auto newline = bytes.find('\n');
    const auto piece = bytes.substr(0, newline);
    eight_bit_ = eight_bit_ || !base::is_ascii(piece);
    line_ += piece.substr(0, kept - std::min(kept, line_.size()));
    if (newline == std::string_view::npos) return;
    bytes.remove_prefix(newline + 1);
    end_line();
  }
}

void HeaderScan::end_line() {
  if (line_.empty() || line_ == "\r") in_header_ = false;
  if (base::istarts_with(line_, received)) ++received_;
  line_.clear();
}

}  // namespace godwit::server
