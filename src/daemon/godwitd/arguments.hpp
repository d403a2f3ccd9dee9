// SPDX-License-Identifier: Apache-2.0
// godwitd's command line; a source of its own, because CLI11 and the whole host in one take long to compile.
#pragma once

#include <optional>
#include <span>
#include <string>

namespace godwit::daemon {

inline constexpr int exit_usage = 2;  // also of a configuration error

struct Arguments {
  std::string config = "/etc/godwit/godwit.yaml";
  bool check = false;
  bool as_start = false;  // checked is whether it would start
  bool print_reference = false;
  std::span<char> title = {};  // where all of this is, for a child with another name
};

// Nothing: go on.  Else that was all (--help, --version, a mistake), and this is the exit code.
std::optional<int> read_arguments(int argc, const char* const* argv, Arguments& arguments);

}  // namespace godwit::daemon
