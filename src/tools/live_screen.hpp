// SPDX-License-Identifier: Apache-2.0
// A terminal whose whole screen is written anew again and again.  As it was before once this ends, also by SIGINT
// (Ctrl-C), SIGTERM or SIGHUP, which end the program as they always do.  One at a time.
#pragma once

#include <string_view>

#include "godwit/base/clock.hpp"

namespace godwit::tools {

class LiveScreen {
 public:
  // Standard input and output are terminals.
  static bool possible();

  LiveScreen();
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;
  ~LiveScreen();

  // Cut to the size of the terminal.
  void show(std::string_view text);
  // false: q or the end of the terminal came.
  bool wait(base::Duration time);
};

}  // namespace godwit::tools
