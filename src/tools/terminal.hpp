// SPDX-License-Identifier: Apache-2.0
// Passwords typed at a terminal.
#pragma once

#include <string>

#include "godwit/base/result.hpp"

namespace godwit::tools {

// Whether standard input is a terminal.
bool is_terminal();
// Asks on /dev/tty without echo, twice.  Errors: refused (the two differ), io (no terminal).
base::Result<std::string> ask_password_twice(const std::string& prompt);

}  // namespace godwit::tools
