// SPDX-License-Identifier: Apache-2.0
// Bodies of requests that come in pieces.
#pragma once

#include "fuzz/fuzz.hpp"
#include "godwit/disk/disk.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::fuzz {

// `text` loses what was given out.
inline auto pieces_of(std::string_view& text, std::size_t size) {
  return [&text, size]() -> disk::Task<std::string_view> { co_return take(text, size); };
}

// All that `message` still gives.
template <class Message>
std::string read_on(Message& message) {
  for (std::string all;;) {
    const auto piece = testing::run_awaitable(message.next());
    require(piece.has_value());
    if (piece->empty()) return all;
    all += *piece;
  }
}

}  // namespace godwit::fuzz
