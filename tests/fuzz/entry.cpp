// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  godwit::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
