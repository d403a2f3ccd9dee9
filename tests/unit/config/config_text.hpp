// SPDX-License-Identifier: Apache-2.0
// Loads configurations from strings.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "godwit/config/config.hpp"

namespace godwit::config::testing {

// Files by path; their folders list their names.
inline Loaded load_files(const std::map<std::string, std::string>& files, const std::string& main = "godwit.yaml") {
  const FileAccess access{.read_file = [&](const std::string& path) -> base::Result<std::string> {
                            const auto at = files.find(path);
                            if (at == files.end()) return base::fail_os("open", ENOENT);
                            return at->second;
                          },
                          .list_folder = [&](const std::string& folder) -> base::Result<std::vector<std::string>> {
                            std::vector<std::string> names;
                            for (const auto& [path, text] : files)
                              if (path.starts_with(folder + "/")) names.push_back(path.substr(folder.size() + 1));
                            std::ranges::reverse(names);  // a real folder is not sorted either
                            return names;
                          }};
  return load(main, access);
}

inline Loaded load_text(const std::string& text) {
  return load_files({{"godwit.yaml", text}});
}

// Below a host name, so that nothing else is wrong; the first line of `text` is line 2.
inline Loaded load_below(const std::string& text) {
  return load_text("hostname: mail.example.com\n" + text);
}

inline std::vector<std::string> lines(const std::vector<Diagnostic>& diagnostics, Severity severity = Severity::error) {
  std::vector<std::string> all;
  for (const auto& diagnostic : diagnostics)
    if (diagnostic.severity == severity) all.push_back(to_string(diagnostic));
  return all;
}

inline std::vector<std::string> errors(const Loaded& loaded) {
  return lines(loaded.diagnostics);
}
inline std::vector<std::string> warnings(const Loaded& loaded) {
  return lines(loaded.diagnostics, Severity::warning);
}

}  // namespace godwit::config::testing
