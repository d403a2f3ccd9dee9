// SPDX-License-Identifier: Apache-2.0
// Takes from this process, for good, every file but those named (Landlock, Linux 5.19 and later).  Called once by the
// main thread, before any other exists: threads inherit it.  Needs no_new_privs.
#pragma once

#include <vector>

#include "file_rules.hpp"
#include "godwit/base/result.hpp"

namespace godwit::daemon {

// Files can be moved between the folders that may be written.  Nothing can be executed, wherever it lies.
// Errors: not_found (the kernel has no Landlock, or one that cannot move files), os.
base::Result<> confine_files(const std::vector<FileRule>& rules);

}  // namespace godwit::daemon
