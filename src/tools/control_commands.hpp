// SPDX-License-Identifier: Apache-2.0
// The commands that ask the running daemon.  Each prints, and gives the exit code.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "console.hpp"

namespace godwit::tools {

enum class Output { text, json };

struct ControlCommands {
  Console& console;
  std::string socket;
  Output output = Output::text;

  int status() const;
  int queue_list(std::size_t limit) const;  // 0: all
  int queue_show(const std::vector<std::string>& ids) const;
  // retry, hold, release, delete
  int queue_change(const std::string& verb, const std::vector<std::string>& ids) const;
  int queue_retry_all() const;
  int reload() const;
  int stop() const;
};

}  // namespace godwit::tools
