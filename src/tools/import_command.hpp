// SPDX-License-Identifier: Apache-2.0
// godwitctl import postfix: the configuration of a Postfix becomes one of Godwit.  Works on files alone, with either
// daemon running or not; never replaces a file unless it is told to.
#pragma once

#include <string>

#include "console.hpp"

namespace godwit::tools {

struct ImportCommand {
  Console& console;
  std::string directory;  // of main.cf and master.cf
  std::string output;     // empty: standard output, without the files that it names
  bool replaces = false;  // what is there
  bool as_json = false;

  // exit_failed: the configuration was written, but has errors that are to be mended by hand.
  int run() const;
  // What becomes of each setting of Postfix.
  int show_settings() const;
};

}  // namespace godwit::tools
