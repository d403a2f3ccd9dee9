// SPDX-License-Identifier: Apache-2.0
// Scripts with which a shell completes a program's commands and options; file names where an option or argument is a
// file.  Pure.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace godwit::commandline {

std::string bash_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);

}  // namespace godwit::commandline
