// SPDX-License-Identifier: Apache-2.0
// godwitctl config test-replay: recorded envelopes through the running configuration and another, by the daemon.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "control_commands.hpp"

namespace godwit::tools {

struct ReplayCommand {
  ControlCommands control;
  std::string config;  // a draft of the main file; empty: the daemon's files as they are now
  std::size_t last = 1000;
  bool dns = false;

  int run() const;

 private:
  int wait_for(std::uint64_t number_of_replay) const;
};

}  // namespace godwit::tools
