// SPDX-License-Identifier: Apache-2.0
// Reads a file that a configuration names, whatever stands behind its name: devices and pipes, of which some never end
// and others never begin, are refused.
#pragma once

#include <cstddef>
#include <string>

#include "godwit/base/result.hpp"

namespace godwit::lookup {

// All of it.  Blocks on the disk, but for nobody who might write.  Errors: io (os_error), invalid (no plain file),
// exhausted (more than `most` bytes).  Each begins with the path.
base::Result<std::string> read_plain_file(const std::string& path, std::size_t most);

}  // namespace godwit::lookup
