// SPDX-License-Identifier: Apache-2.0
// In what portions files are read.
#pragma once

#include <cstddef>

namespace godwit::tools {

inline constexpr std::size_t piece_size = 256U << 10U;  // bytes

}  // namespace godwit::tools
