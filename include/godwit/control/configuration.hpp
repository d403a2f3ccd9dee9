// SPDX-License-Identifier: Apache-2.0
// The configuration as somebody elsewhere looks at it.
#pragma once

#include <string>
#include <vector>

namespace godwit::control {

struct ConfigurationFile {
  std::string path;
  std::string text;
};

struct ConfigurationValue {
  std::string key;
  std::string value;
  std::string fallback;  // where it is not set
  bool needs_restart = false;
};

struct Configuration {
  std::string main_file;
  std::vector<ConfigurationFile> files;    // as they are now: the main one, and what it includes
  std::vector<ConfigurationValue> values;  // in force
};

struct ConfigurationDifference {
  std::string key;
  std::string before;  // in force
  std::string after;
  bool needs_restart = false;
};

struct ConfigurationCheck {
  std::vector<std::string> errors, warnings;         // "file:line:column: ..."
  std::vector<ConfigurationDifference> differences;  // none where there are errors
};

}  // namespace godwit::control
