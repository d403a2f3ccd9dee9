// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "godwit/commandline/manual.hpp"

namespace godwit::daemon {
namespace {

std::string manual_of(const CLI::App& app) {
  const commandline::Manual manual{
      .name = "godwitd",
      .section = 8,
      .summary = "mail transfer agent",
      .more = {{"SIGNALS",
                "SIGTERM: takes no more, finishes what is in flight, and ends. SIGHUP: reads the configuration again, "
                "and opens the "
                "log file anew."},
               {"EXIT STATUS", "0: stopped in order. 1: failed. 2: wrong usage or configuration."},
               {"FILES", "/etc/godwit/godwit.yaml, /var/spool/godwit, /var/lib/godwit, /run/godwit"},
               {"SEE ALSO", "godwitctl(1), sendmail(1), godwit.yaml(5)"}}};
  return commandline::manual_page(manual, app);
}

}  // namespace

std::optional<int> read_arguments(int argc, const char* const* argv, Arguments& arguments) {
  CLI::App app("Godwit mail transfer agent");
  app.set_version_flag("--version", "godwitd " GODWIT_VERSION);
  app.add_option("--config", arguments.config, "configuration file")->capture_default_str();
  auto* const check = app.add_flag("--check", arguments.check, "check the configuration and exit");
  app.add_flag("--as-start", arguments.as_start,
               "with --check: only what would keep the daemon from starting is an error; an expired certificate is a "
               "warning")
      ->needs(check);
  app.add_flag("--print-configuration-reference", arguments.print_reference, "print docs/configuration.md and exit");
  bool print_manual = false;
  app.add_flag("--man", print_manual)->group("");  // for the build
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  if (!print_manual) return {};
  fmt::print("{}", manual_of(app));
  return 0;
}

}  // namespace godwit::daemon
