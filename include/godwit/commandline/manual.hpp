// SPDX-License-Identifier: Apache-2.0
// Manual pages in the language of man(7), made from what a program says with --help.  Called when the programs are
// built. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace godwit::commandline {

struct ManualSection {
  std::string heading;  // "SEE ALSO"
  std::string text;     // paragraphs parted by empty lines
};

struct Manual {
  std::string name;     // "godwitctl"
  int section = 1;      // of the manual
  std::string summary;  // "asks and directs godwitd": behind the name, for apropos(1)
  std::vector<ManualSection> more = {};
};

// All commands and options of a program.
std::string manual_page(const Manual& manual, const CLI::App& app);
// Of a program whose help is a text of its own: the first line is the synopsis, indented lines stay as they are.
std::string manual_page(const Manual& manual, std::string_view help);
// "name": the rest of the lines below, for each.  For pages that list things.
struct ManualEntry {
  std::string term;
  std::string text;
};
std::string manual_page(const Manual& manual, std::string_view description, const std::vector<ManualEntry>& entries);

}  // namespace godwit::commandline
