// SPDX-License-Identifier: Apache-2.0
// Whatever is written in a configuration is taken or complained about, each complaint on a line of its own and with a
// place, and the same file is read alike again.  Input: godwit.yaml and, behind a line "---more", a file it may
// include.
#include "fuzz/fuzz.hpp"
#include "godwit/config/config.hpp"
#include "godwit/config/keys.hpp"

namespace godwit::fuzz {
namespace {

config::Loaded load(std::string_view main, std::string_view included) {
  return config::load("godwit.yaml", {.read_file = [&](const std::string& path) -> base::Result<std::string> {
                                        if (path == "godwit.yaml") return std::string(main);
                                        if (path == "more.yaml" || path == "d/more.yaml") return std::string(included);
                                        return base::fail_os("open", 2);
                                      },
                                      .list_folder = [](const std::string&) -> base::Result<std::vector<std::string>> {
                                        return std::vector<std::string>{"more.yaml"};
                                      }});
}

std::string told(const config::Loaded& loaded) {
  std::string all;
  for (const auto& diagnostic : loaded.diagnostics) {
    const auto line = to_string(diagnostic);
    require(is_printable(line) && diagnostic.place.line >= 1 && diagnostic.place.column >= 1);
    all += line + "\n";
  }
  return all;
}

}  // namespace

void fuzz_configuration(std::string_view input) {
  const auto main = take_until(input, "---more\n");
  auto loaded = load(main, input);
  require(loaded.diagnostics.size() <= 1000);
  const auto complaints = told(loaded);
  if (!loaded.ok()) return;
  const auto again = load(main, input);
  require(told(again) == complaints);
  const auto values = config::values_of(loaded.settings), same = config::values_of(again.settings);
  require(std::ranges::equal(values, same, {}, &config::KeyValue::value, &config::KeyValue::value));
  require(config::restart_needed(loaded.settings, again.settings).empty());
  config::keep_until_restart(again.settings, loaded.settings);
  require(config::restart_needed(again.settings, loaded.settings).empty());
}

}  // namespace godwit::fuzz
