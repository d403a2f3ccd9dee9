// SPDX-License-Identifier: Apache-2.0
// Which spool is meant: what --directory or --config name, else that of the daemon at the control socket, else what the
// usual configuration says, else the default.  Blocks while it asks.
#pragma once

#include <optional>
#include <string>

#include "console.hpp"
#include "godwit/spool/settings.hpp"

namespace godwit::tools {

struct SpoolPlace {
  std::string directory;  // --directory; empty: not given
  std::string config;     // --config; empty: not given
  std::string socket;     // of the daemon

  // Says on standard error which it is and by whose word, where no option does.  Empty: the configuration has errors,
  // and they were said.
  std::optional<spool::Settings> find(Console& console) const;
};

}  // namespace godwit::tools
