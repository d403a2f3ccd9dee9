// SPDX-License-Identifier: Apache-2.0
// The files of the web console, as the build has put them into the program (cmake/GodwitEmbed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace godwit::control {

struct EmbeddedFile {
  std::string_view name;    // "app.js"
  std::string_view digest;  // changes with the text
  std::string_view text;
};

std::span<const EmbeddedFile> console_files();

}  // namespace godwit::control
