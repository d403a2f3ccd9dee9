// SPDX-License-Identifier: Apache-2.0
// Files of a Postfix in memory, and the configuration that is made of them.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "godwit/config/config.hpp"
#include "godwit/setup/postfix_import.hpp"

namespace godwit::setup {

// What the daemon says of its configuration.
inline std::string errors_of(const std::string& yaml) {
  auto files = config::system_files();
  files.read_file = [&](const std::string&) -> base::Result<std::string> { return yaml; };
  std::string errors;
  for (const auto& diagnostic : config::load("godwit.yaml", files).diagnostics)
    if (diagnostic.severity == config::Severity::error) errors += config::to_string(diagnostic) + "\n";
  return errors;
}

class PostfixImportTest : public ::testing::Test {
 protected:
  static constexpr const char* base_settings =
      "compatibility_level = 3.6\nmyhostname = mail.example.com\nmyorigin = example.com\nmydestination = example.com, "
      "localhost\n";

  static constexpr const char* port_25 = "smtp inet n - y - - smtpd\n";

  // The YAML; it is sound.
  std::string made(const std::string& main, const std::string& services = port_25) {
    return made_whole(main, services + "smtp unix - - y - - smtp\nrelay unix - - y - - smtp\n");
  }
  std::string made_whole(const std::string& main, const std::string& master) {
    files["/etc/postfix/main.cf"] = base_settings + main;
    files["/etc/postfix/master.cf"] = master;
    auto done = import_postfix(wishes, read);
    if (!done) throw std::runtime_error(done.error().message);
    result = std::move(*done);
    EXPECT_EQ(errors_of(result.configuration), "") << result.configuration;
    return result.configuration;
  }
  bool says(PostfixRemark::Kind kind, const std::string& what, const std::string& why = "") const {
    for (const auto& remark : result.remarks)
      if (remark.kind == kind && remark.what.contains(what) && remark.why.contains(why)) return true;
    return false;
  }

  PostfixWishes wishes{.hostname = "pc.example.net", .addresses = {}};
  std::map<std::string, std::string> files{
      {"/etc/aliases", "postmaster: root\nroot: alice\n"},
      {"/etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n"}};
  ReadPostfixFile read = [this](const std::string& path) -> base::Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return base::fail_os(path, ENOENT);
    return found->second;
  };
  PostfixImport result;
};

}  // namespace godwit::setup
