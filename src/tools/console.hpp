// SPDX-License-Identifier: Apache-2.0
// Where a command reads and writes, so that tests can stand in for the terminal; and the exit codes.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "godwit/base/result.hpp"

namespace godwit::tools {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

// Read where a command names no other.
inline constexpr const char* usual_config = "/etc/godwit/godwit.yaml";

struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  // Asks twice without echo; terminal.hpp has the real one.  Not set: no terminal, the password comes from `in`.
  std::function<base::Result<std::string>(const std::string& prompt)> ask_password{};
  bool in_colour = false;  // `out` is a terminal that shows colours, and nobody minds
};

}  // namespace godwit::tools
