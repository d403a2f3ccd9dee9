// SPDX-License-Identifier: Apache-2.0
// Whatever stands in the files of a Postfix, what they become is YAML of keys that there are, remarks on a line
// each, and files in the folder that was named.  Input: main.cf, then files, each behind a line "== NAME".
#include <map>

#include "fuzz/fuzz.hpp"
#include "godwit/config/config.hpp"
#include "godwit/setup/postfix_import.hpp"

namespace godwit::fuzz {
namespace {

void check_yaml(const std::string& yaml) {
  auto files = config::system_files();
  files.read_file = [&](const std::string&) -> base::Result<std::string> { return yaml; };
  for (const auto& diagnostic : config::load("godwit.yaml", files).diagnostics)
    require(!diagnostic.message.starts_with("YAML") && !diagnostic.message.starts_with("unknown key"));
}

}  // namespace

void fuzz_postfix_import(std::string_view input) {
  if (input.size() > 8192) return;
  std::map<std::string, std::string> files;
  files["main.cf"] = take_until(input, "\n== ");
  while (!input.empty()) {
    const std::string name(take_until(input, "\n"));
    files[name] = take_until(input, "\n== ");
  }
  const auto made = setup::import_postfix({.hostname = "mail.example.com", .addresses = {}},
                                          [&](const std::string& path) -> base::Result<std::string> {
                                            const auto found = files.find(path.substr(path.rfind('/') + 1));
                                            if (found == files.end()) return base::fail_os(path, 2);
                                            return found->second;
                                          });
  if (!made) return;
  for (const auto& remark : made->remarks)
    require(is_printable(remark.place) && is_printable(remark.what) && is_printable(remark.why));
  for (const auto& file : made->files) require(file.path.starts_with("/etc/godwit/") && !file.path.contains(".."));
  check_yaml(made->configuration);
}

}  // namespace godwit::fuzz
