// SPDX-License-Identifier: Apache-2.0
// The whole of godwitctl but for main(), so that tests can run it.
#pragma once

#include "console.hpp"

namespace godwit::tools {

// The exit code.
int godwitctl(int argc, const char* const* argv, Console& console);

}  // namespace godwit::tools
