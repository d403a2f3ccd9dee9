// SPDX-License-Identifier: Apache-2.0
// What the manual pages have beside the help of the programs.
#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace godwit::tools {

// "godwitctl", "sendmail", "godwit.yaml"; empty: there is no such page.
std::optional<std::string> manual_named(const std::string& page, const CLI::App& godwitctl);

}  // namespace godwit::tools
