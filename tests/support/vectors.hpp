// SPDX-License-Identifier: Apache-2.0
// Where public test vectors lie that are not part of the project: $GODWIT_VECTORS, else what CMake was told
// (-DGODWIT_VECTORS), else ../shared/vectors beside the sources.  A test that finds none is skipped.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace godwit::testing {

inline std::filesystem::path vectors(const char* file) {
  const char* folder = std::getenv("GODWIT_VECTORS");
  return std::filesystem::path(folder != nullptr ? folder : GODWIT_VECTORS) / file;
}

}  // namespace godwit::testing
