// SPDX-License-Identifier: Apache-2.0
// One target as libFuzzer wants it.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace godwit::fuzz {
void GODWIT_FUZZ_TARGET(std::string_view input);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  godwit::fuzz::GODWIT_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
