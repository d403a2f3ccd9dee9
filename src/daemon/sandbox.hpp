// SPDX-License-Identifier: Apache-2.0
// The process shuts itself in, once, when it needs nothing from outside any more and before its first thread: files by
// Landlock, system calls by seccomp.
#pragma once

#include <string>
#include <vector>

#include "file_rules.hpp"
#include "godwit/config/settings.hpp"

namespace godwit::daemon {

struct Sandbox {
  bool files = false;                // only `granted` can be opened
  bool system_calls = false;         // only those of a mail transfer agent
  std::vector<FileRule> granted;     // of `files`
  std::vector<std::string> remarks;  // why one of the two is not in force, where the configuration wants both
};

// As the configuration has it, and this build can.
bool is_sandbox_wanted(const config::Settings& settings);

// What a kernel lacks, or another sandbox forbids, is remarked, and mail flows without it.
Sandbox enter_sandbox(const std::string& config_path, const config::Settings& settings, Keys keys);

}  // namespace godwit::daemon
