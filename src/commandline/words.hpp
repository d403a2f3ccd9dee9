// SPDX-License-Identifier: Apache-2.0
// A command line's declaration as plain values: what is hidden from --help is not among them.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace godwit::commandline {

struct OptionWords {
  std::vector<std::string> names;  // "-h", "--help"; none: an argument
  std::string argument;            // "FILE"; empty: it takes none
  std::string help;
  bool is_required = false;
  bool is_file() const { return argument == "FILE" || argument == "FOLDER" || argument == "PATH"; }
};

struct CommandWords {
  std::vector<std::string> path;  // "queue", "list"; empty: the program itself
  std::string help;
  std::string footer;
  std::vector<OptionWords> options;
  std::vector<OptionWords> arguments;
  std::vector<std::string> commands;  // below it
};

// The program first, then its commands, each before those below it.
std::vector<CommandWords> words_of(const CLI::App& app);

}  // namespace godwit::commandline
