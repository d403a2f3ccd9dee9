// SPDX-License-Identifier: Apache-2.0
// godwitctl spool: works on the spool's files themselves, with no daemon or beside one.
#pragma once

#include <optional>
#include <string>

#include "console.hpp"
#include "control_commands.hpp"
#include "godwit/spool/settings.hpp"

namespace godwit::tools {

struct SpoolCommands {
  Console& console;
  std::string directory;  // --directory; empty: what the configuration says
  std::string config;     // --config; empty: the usual one, where it is there
  Output output = Output::text;

  // 0 sound, 1 damage found.
  int check() const;

 private:
  // Empty: the configuration has errors, and they were said.
  std::optional<spool::Settings> settings() const;
  int complain(const std::string& what, int code) const;
};

}  // namespace godwit::tools
