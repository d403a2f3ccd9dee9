// SPDX-License-Identifier: Apache-2.0
// The line in a message's header by which the ledger knows it, wherever it comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::sim::mark {

std::string line_of(std::uint64_t mail);
// The first one.
struct Found {
  std::uint64_t mail = 0;
  std::size_t begin = 0;
  std::size_t end = 0;  // of its name
};
std::optional<Found> find(std::string_view text);

}  // namespace godwit::sim::mark
