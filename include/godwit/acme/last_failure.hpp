// SPDX-License-Identifier: Apache-2.0
// Why the daemon did not get its certificate, for who looks after a host without asking the daemon.  Reads a file, so
// never on a reactor that serves.
#pragma once

#include <optional>
#include <string>

namespace godwit::acme {

// Of the last order, unless one has succeeded since; empty also where the file cannot be read.
std::optional<std::string> last_failure(const std::string& state_directory);

}  // namespace godwit::acme
