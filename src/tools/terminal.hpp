// SPDX-License-Identifier: Apache-2.0
// What a terminal is good for: passwords typed at it, colours.
#pragma once

#include <string>

#include "godwit/base/result.hpp"

namespace godwit::tools {

// Whether standard input is a terminal.
bool is_terminal();
// Whether standard output is one that shows colours, and nobody minds ($TERM, $NO_COLOR).
bool shows_colours();
// Asks on /dev/tty without echo, twice.  Errors: refused (the two differ), io (no terminal).
base::Result<std::string> ask_password_twice(const std::string& prompt);

}  // namespace godwit::tools
