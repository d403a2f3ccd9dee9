// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli; RFC 3720 appendix B.4 has test vectors).  Uses the SSE 4.2 instruction where the machine has it.
#pragma once

#include <cstdint>
#include <string_view>

namespace godwit::base {

// The checksum of a followed by b is crc32c(b, crc32c(a)).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t previous = 0);

}  // namespace godwit::base
