// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration_check.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace godwit::daemon {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConfigurationDraft : public ::testing::Test {
 protected:
  ConfigurationDraft() {
    std::string made = ::testing::TempDir() + "godwit-draft-XXXXXX";
    folder = ::mkdtemp(made.data());
    std::filesystem::create_directory(folder + "/conf.d");
    std::filesystem::create_directory(folder + "/private");
    write("conf.d/limits.yaml", "limits: {recipients: 7}\n");
    write("private/letter", "hostname: other.example.com\n");
    write("godwit.yaml", head() + "include: [conf.d/*]\n");
  }
  ~ConfigurationDraft() override { std::filesystem::remove_all(folder); }

  void write(const std::string& name, const std::string& text) { std::ofstream(folder + "/" + name) << text; }
  std::string head() const {
    return "hostname: mail.example.com\nuser: \"\"\nspool: {directory: " + folder +
           "/spool}\nstate: {directory: " + folder + "/state}\ncontrol: {socket: " + folder + "/control.sock}\n";
  }
  control::ConfigurationCheck check(const std::string& below) const {
    return check_configuration(folder + "/godwit.yaml", head() + below, LiveSettings{}, base::SystemClock());
  }

  std::string folder;
};

TEST_F(ConfigurationDraft, WhatIsNoPlainFileIsNotRead) {
  const auto pipe = folder + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {std::string("/dev/zero"), pipe}) {
    EXPECT_THAT(check("accounts: " + path + "\n").errors, Contains(HasSubstr(path + " is no plain file")));
    EXPECT_THAT(check("srs: {secrets_file: " + path + "}\n").errors, Contains(HasSubstr(path + " is no plain file")));
    EXPECT_THAT(check("tls: {ca_file: " + path + "}\n").errors, Contains(HasSubstr(path + " is no plain file")));
  }
}

TEST_F(ConfigurationDraft, ListsNoFolder) {
  const auto found = check("include: [private/*, \"" + folder + "/private/l*\"]\n");
  EXPECT_THAT(found.errors, IsEmpty());
  EXPECT_THAT(check("include: [private/letter]\n").errors, Contains(HasSubstr("a draft includes only")));
}

TEST_F(ConfigurationDraft, IncludesWhatIsIncludedNow) {
  const auto found = check("include: [conf.d/*]\n");
  EXPECT_THAT(found.errors, IsEmpty());
  EXPECT_TRUE(std::ranges::any_of(found.differences,
                                  [](const auto& one) { return one.key == "limits.recipients" && one.after == "7"; }));
}

}  // namespace
}  // namespace godwit::daemon
