// SPDX-License-Identifier: Apache-2.0
// The words and options of init, import, doctor and config on godwitctl's command line.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config_commands.hpp"
#include "import_command.hpp"
#include "replay_command.hpp"
#include "setup_commands.hpp"

namespace CLI {
class App;
}

namespace godwit::tools {

class SetupOptions {
 public:
  using Command = std::function<int()>;

  // `choose` is called with the command that was asked for; `as_json` and `control` are read when it runs.
  SetupOptions(Console& console, const bool& as_json, std::function<ControlCommands()> control,
               std::function<void(Command)> choose)
      : console_(console), as_json_(as_json), control_(std::move(control)), choose_(std::move(choose)) {}
  SetupOptions(const SetupOptions&) = delete;
  SetupOptions& operator=(const SetupOptions&) = delete;
  void add_to(CLI::App& app);

 private:
  CLI::App* add(CLI::App& parent, const char* name, const char* help, Command command);
  void add_init(CLI::App& app);
  void add_import(CLI::App& app);
  void add_doctor(CLI::App& app);
  void add_config(CLI::App& app);

  InitCommand init() const;
  ImportCommand importing() const;
  DoctorCommand doctor() const;
  ReplayCommand replay() const { return {.control = control_(), .config = config_, .last = last_, .dns = asks_dns_}; }
  ConfigCommands config() const { return {.console = console_, .config = config_, .as_json = as_json_}; }

  Console& console_;
  const bool& as_json_;
  std::function<ControlCommands()> control_;
  std::function<void(Command)> choose_;
  std::string domain_, hostname_, account_, root_, folder_;
  std::string config_, zone_, other_, key_;
  std::vector<std::string> addresses_, dns_servers_, blocklists_, destinations_;
  bool acme_ = false;
  bool yes_ = false;
  std::string postfix_ = "/etc/postfix", output_;
  bool force_ = false, settings_ = false;
  std::size_t last_ = 1000;
  bool asks_dns_ = false;
};

}  // namespace godwit::tools
