// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include <CLI/CLI.hpp>

namespace godwit::daemon {

std::optional<int> read_arguments(int argc, const char* const* argv, Arguments& arguments) {
  CLI::App app("Godwit mail transfer agent");
  app.set_version_flag("--version", "godwitd " GODWIT_VERSION);
  app.add_option("--config", arguments.config, "configuration file")->capture_default_str();
  app.add_flag("--check", arguments.check, "check the configuration and exit");
  app.add_flag("--print-configuration-reference", arguments.print_reference, "print docs/configuration.md and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  return {};
}

}  // namespace godwit::daemon
