// SPDX-License-Identifier: Apache-2.0
// godwitctl config: what the configuration says, without the daemon.
#pragma once

#include <string>

#include "console.hpp"

namespace godwit::tools {

struct ConfigCommands {
  Console& console;
  std::string config;  // --config; empty: the usual one
  bool as_json = false;

  // Every error, as godwitd --check says them but for what only the daemon can try (ports, servers that it asks).
  // As JSON: {"errors": [{"file", "line", "column", "message"}], "warnings": […]}.
  int check() const;
  // What is set to something else than its default; with another file, what differs between the two.
  int diff(const std::string& other) const;
  // All values in force, and where they were set.
  int show_effective() const;
  int explain(const std::string& key) const;
};

}  // namespace godwit::tools
