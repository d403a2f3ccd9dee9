// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/config_text.hpp"

namespace godwit::config {
namespace {

using ::testing::ElementsAre;
using testing::errors;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_below;
using testing::load_files;
using ::testing::SizeIs;

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Presets build below the checkout.
std::string find_checkout() {
  auto folder = std::filesystem::read_symlink("/proc/self/exe");
  while (!std::filesystem::exists(folder / "CMakePresets.json") && folder != folder.root_path())
    folder = folder.parent_path();
  return folder.string();
}
const std::string checkout = find_checkout();

TEST(Reference, DocsConfigurationIsUpToDate) {
  const auto page = reference_markdown();
  if (std::getenv("GODWIT_UPDATE_DOCS") != nullptr) std::ofstream(checkout + "/docs/configuration.md") << page;
  EXPECT_TRUE(read(checkout + "/docs/configuration.md") == page)
      << "docs/configuration.md is not what the declarations say: run unit_config with GODWIT_UPDATE_DOCS=1";
}

TEST(Reference, ShowsTypesDefaultsAndBounds) {
  const auto page = reference_markdown();
  EXPECT_THAT(page, HasSubstr("| `limits.message_size` | size, 1KiB to 2GiB | `50MiB` | restart |"));
  EXPECT_THAT(page, HasSubstr("| `delivery.retry.first` | duration, 100ms to 1d | `5m` | reload |"));
  EXPECT_THAT(page, HasSubstr("| `listeners[].service` | mx \\| submission | `mx` | restart |"));
  EXPECT_THAT(page, HasSubstr("| `domains.DOMAIN.deliver` | delivery | required | reload |"));
  EXPECT_THAT(page, HasSubstr("| `trusted_networks` | list of: network | `[127.0.0.0/8, ::1/128]` | reload |"));
}

TEST(ShippedConfiguration, LoadsWithoutComplaint) {
  const auto loaded = load_files({{"godwit.yaml", read(checkout + "/conf/godwit.yaml")}});
  EXPECT_THAT(loaded.diagnostics, IsEmpty()) << to_string(loaded.diagnostics.front());
  EXPECT_THAT(loaded.settings.server.listeners, SizeIs(3));
}

TEST(ShippedConfiguration, CutAnywhereItNeverBringsTheLoaderDown) {
  const auto whole = read(checkout + "/conf/godwit.yaml");
  for (std::size_t size = 0; size < whole.size(); size += 41)
    for (const auto& diagnostic : load_files({{"godwit.yaml", whole.substr(0, size)}}).diagnostics) {
      EXPECT_GE(diagnostic.place.line, 1);
      EXPECT_GE(diagnostic.place.column, 1);
      EXPECT_FALSE(diagnostic.message.empty());
    }
}

TEST(RestartNeeded, NamesOnlyWhatAReloadCannotApply) {
  const auto before = load_below("threads: 1\nlimits: {errors: 5}\n").settings;
  const auto after =
      load_below("threads: 2\nlimits: {errors: 6}\nspool: {directory: /s}\nlog: {level: debug}\n").settings;
  EXPECT_THAT(restart_needed(before, before), IsEmpty());
  EXPECT_THAT(restart_needed(before, after), ElementsAre("threads", "spool.directory"));
}

TEST(RestartNeeded, WhatLiesBesideAnotherFollowsIt) {
  const auto plain = load_below("spool: {directory: /s}\ncontrol: {socket: /r/c.sock}\n").settings;
  EXPECT_EQ(submit_socket(plain), "/r/submit.sock");
  EXPECT_EQ(maildrop(plain), "/s-maildrop");
  const auto set = load_below("submit: {maildrop: /m}\ncontrol: {submit_socket: /x.sock}\n").settings;
  EXPECT_EQ(submit_socket(set), "/x.sock");
  EXPECT_EQ(maildrop(set), "/m");
}

TEST(RestartNeeded, ComparesListenersByValue) {
  const auto one = load_below("listeners: [{address: \"[::]:25\"}]\n").settings;
  const auto other = load_below("listeners: [{address: \"[::]:26\"}]\n").settings;
  EXPECT_THAT(restart_needed(one, one), IsEmpty());
  EXPECT_THAT(restart_needed(one, other), ElementsAre("listeners"));
}

// Else the greeting would have one name and the trace fields another, and SIZE would offer what the spool refuses.
TEST(KeepUntilRestart, NothingOfSuchAValueChangesAnywhere) {
  const auto running = load_below("limits: {message_size: 1MiB, errors: 5}\n").settings;
  auto next =
      load_files({{"godwit.yaml", "hostname: new.example.com\nlimits: {message_size: 2MiB, errors: 6}\n"}}).settings;
  keep_until_restart(running, next);
  EXPECT_EQ(next.hostname, running.hostname);
  EXPECT_EQ(next.server.hostname, running.hostname);
  EXPECT_EQ(next.route.origin, running.route.origin);
  EXPECT_EQ(next.server.message_size, running.server.message_size);
  EXPECT_EQ(next.spool.message_size, running.spool.message_size);
  EXPECT_EQ(next.server.errors, 6);
}

TEST(Environment, NamesTheKeyAndPlaceOfEachMissingFile) {
  const auto loaded = load_below(
      "accounts: /etc/a.yaml\n"
      "tls: {certificates: [{certificate: /c.pem, private_key: /k.pem}]}\n"
      "spool: {directory: /spool}\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  const Probe probe{.readable_file = [](const std::string& path) -> base::Result<> {
                      if (path == "/c.pem") return {};
                      return base::fail_os("cannot be read", EACCES);
                    },
                    .writable_folder = [](const std::string& path) -> base::Result<> {
                      if (path != "/spool") return {};
                      return base::fail_os("cannot be written", EROFS);
                    }};
  EXPECT_THAT(testing::lines(check_environment(loaded, probe)),
              ElementsAre("godwit.yaml:3:57: tls.certificates[0].private_key: /k.pem cannot be read: Permission denied",
                          "godwit.yaml:2:11: accounts[0]: /etc/a.yaml cannot be read: Permission denied",
                          "godwit.yaml:4:20: spool.directory: /spool cannot be written: Read-only file system"));
}

TEST(Environment, TheRealProbeKnowsFilesFromFolders) {
  const auto probe = system_probe();
  EXPECT_TRUE(probe.readable_file(checkout + "/CMakeLists.txt"));
  EXPECT_FALSE(probe.readable_file(checkout));
  EXPECT_FALSE(probe.readable_file(checkout + "/no/such/file"));
  EXPECT_FALSE(probe.writable_folder(checkout + "/CMakeLists.txt/below"));
  EXPECT_FALSE(system_files().read_file(checkout));
  EXPECT_TRUE(system_files().list_folder(checkout));
}

}  // namespace
}  // namespace godwit::config
