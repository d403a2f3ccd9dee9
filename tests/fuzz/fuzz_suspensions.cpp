// SPDX-License-Identifier: Apache-2.0
// Whatever the file of suspensions holds, lines that make no sense are left out, and the others are written and read
// again as the same.
#include "dispatch/suspensions.hpp"
#include "fuzz/fuzz.hpp"

namespace godwit::fuzz {

void fuzz_suspensions(std::string_view input) {
  const auto found = dispatch::decode_suspensions(input);
  require(found.size() <= static_cast<std::size_t>(std::ranges::count(input, '\n')) + 1);
  require(dispatch::decode_suspensions(dispatch::encode_suspensions(found)) == found);
}

}  // namespace godwit::fuzz
