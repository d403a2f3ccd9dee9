// SPDX-License-Identifier: Apache-2.0
// godwitctl account: works on the accounts files themselves, so that accounts can be made before the daemon first runs.
#pragma once

#include <string>

#include "console.hpp"

namespace godwit::tools {

struct AccountCommands {
  enum class PasswordFrom { terminal, standard_input, generated };

  Console& console;
  std::string file;    // --file; empty: what the configuration names
  std::string config;  // --config; empty: the usual one, where it is there
  PasswordFrom password_from = PasswordFrom::terminal;

  int add(const std::string& address) const;
  int passwd(const std::string& address) const;
  int remove(const std::string& address) const;
  int list(bool as_json) const;
};

}  // namespace godwit::tools
