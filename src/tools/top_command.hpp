// SPDX-License-Identifier: Apache-2.0
// godwitctl top: what the daemon does, again and again on a terminal, or once.
#pragma once

#include <string>

#include "control_commands.hpp"
#include "godwit/base/clock.hpp"

namespace godwit::tools {

struct TopCommand {
  Console& console;
  std::string socket;
  Output output = Output::text;
  std::string interval;  // like 2s
  bool once = false;     // also where output is JSON, or no terminal

  int run() const;
};

}  // namespace godwit::tools
