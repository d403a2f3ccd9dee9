// SPDX-License-Identifier: Apache-2.0
// Segments of the history for the fuzz target that reads them: pieces of bytes, most in frames whose checksums hold,
// and of these some events of messages 2 and 3.
#pragma once

#include <string>
#include <string_view>

#include "fuzz/fuzz.hpp"
#include "state/history_format.hpp"

namespace godwit::fuzz {

inline std::string take_history_segment(std::string_view& input) {
  using namespace state;
  std::string bytes(take_byte(input) % 8 == 7 ? "" : segment_magic);
  while (!input.empty()) {
    const auto order = take_byte(input) % 4;
    std::string piece(take(input, take_byte(input)));
    const EventIds ids{.all = {base::MessageId{order}}, .count = 1};
    if (order >= 2) piece = encode_event(base::WallTime(std::chrono::seconds(order)), ids, piece, {});
    bytes += order == 0 ? piece : frame_header_of(piece) + piece;
  }
  return bytes;
}

}  // namespace godwit::fuzz
