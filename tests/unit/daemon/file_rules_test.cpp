// SPDX-License-Identifier: Apache-2.0
#include "daemon/file_rules.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

namespace godwit::daemon {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

std::vector<std::string> shown(const std::vector<ConfiguredPath>& paths) {
  std::vector<std::string> all;
  for (const auto& [key, path, write] : paths) all.push_back(key + " " + path + (write ? " w" : " r"));
  return all;
}

config::KeyValue value_of_key(std::string key, std::string value) {
  return {.key = std::move(key), .value = std::move(value), .fallback = {}, .needs_restart = false};
}

TEST(FileRules, PathsAreFoundWhereverTheyStandInAValue) {
  const std::vector<config::KeyValue> values = {
      value_of_key("tls.certificates",
                   "[{certificate: /etc/x/f.pem, private_key: /srv/../srv/k.pem, ocsp_response: }]"),
      value_of_key("domains",
                   "{a.example: {deliver: maildir:/var/vmail/{domain}/{local}}, b: {deliver: lmtp:unix:/run/d/lmtp}}"),
      value_of_key("spool.directory", "/var/spool/godwit")};
  EXPECT_THAT(shown(paths_in(values)),
              ElementsAre("tls.certificates /etc/x/f.pem r", "tls.certificates /srv/k.pem r", "domains /var/vmail/ w",
                          "domains /run/d/lmtp r", "spool.directory /var/spool/godwit w"));
}

TEST(FileRules, PathsInTheWordsOfALibraryAreFoundToo) {
  const std::vector<config::KeyValue> values = {value_of_key(
      "accounts", "[{type: postgresql, connection: host=db passfile='/srv/pg/pass' sslrootcert=/opt/ca.pem}]")};
  EXPECT_THAT(shown(paths_in(values)), ElementsAre("accounts /srv/pg/pass r", "accounts /opt/ca.pem r"));
}

TEST(FileRules, NetworksAndUrlsAreNoPaths) {
  EXPECT_THAT(paths_in({value_of_key("trusted_networks", "[127.0.0.0/8, ::1/128, 2001:db8::/32]"),
                        value_of_key("url", "https://example.com/x"), value_of_key("text", "either/or")}),
              IsEmpty());
}

class FileRulesOnDisk : public ::testing::Test {
 protected:
  FileRulesOnDisk() : folder_(fs::path(::testing::TempDir()) / ("rules-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_ / "mail");
    fs::create_directories(folder_ / "live");
    fs::create_directories(folder_ / "archive");
    std::ofstream(folder_ / "archive/cert1.pem") << "x";
    fs::create_symlink("../archive/cert1.pem", folder_ / "live/cert.pem");
  }
  ~FileRulesOnDisk() override { fs::remove_all(folder_); }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

TEST_F(FileRulesOnDisk, AFileStandsForItsFolderAndALinkForBothEnds) {
  const auto rules = file_rules(at("none/godwit.yaml"), {{"tls.certificates", at("live/cert.pem"), false}});
  EXPECT_THAT(rules, Contains(FileRule{at("live"), false}));
  EXPECT_THAT(rules, Contains(FileRule{at("archive"), false}));
  EXPECT_THAT(rules, Contains(FileRule{folder_.string(), false})) << "none/ is not there: it can be made";
  EXPECT_THAT(rules, Not(Contains(FileRule{at("mail"), false})));
}

TEST_F(FileRulesOnDisk, AFolderStandsForItselfAndTheRootForNothing) {
  const auto rules =
      file_rules(at("live/godwit.yaml"),
                 {{"domains", at("mail/"), true}, {"x", "/no-such-file", true}, {"y", "/", false}, {"z", "/", true}});
  EXPECT_TRUE(
      std::ranges::any_of(rules, [&](const auto& rule) { return rule.write && rule.path.starts_with(at("mail")); }));
  EXPECT_FALSE(std::ranges::any_of(rules, [](const auto& rule) { return rule.path == "/"; }));
}

TEST_F(FileRulesOnDisk, WhatCannotBeWrittenBecauseItIsNotThereOpensNothingAbove) {
  const auto rules = file_rules(at("live/godwit.yaml"), {{"maildrop.directory", at("none/maildrop"), true}});
  EXPECT_FALSE(std::ranges::any_of(rules, [&](const auto& rule) { return rule.write && rule.path != "/dev/null"; }));
}

TEST_F(FileRulesOnDisk, WhatIsConfiguredLaterAndLiesOutsideIsNamed) {
  const std::vector<FileRule> granted = {{at("live"), false}, {at("mail"), true}};
  EXPECT_THAT(outside(granted, {{"a", at("live/other.pem"), false}, {"b", at("mail/x/y"), true}, {"c", "", false}}),
              IsEmpty());
  EXPECT_THAT(outside(granted, {{"a", at("live/cert.pem"), false},  // leads to archive/
                                {"b", at("live/log"), true},        // may be read only
                                {"c", at("lively/x"), false}}),     // begins like another
              ElementsAre("a: " + at("live/cert.pem"), "b: " + at("live/log"), "c: " + at("lively/x")));
}

config::Settings with_keys() {
  config::Settings settings;
  settings.tls.certificates = {{.certificate = "/srv/tls/../tls/chain.pem", .private_key = "/srv/keys/tls.pem"}};
  settings.mailauth.keys = {
      {.domain = "example.com", .selector = "s1", .private_key = "/srv/keys/dkim.pem", .accounts = {}}};
  settings.log.file = "/srv/keys/log";
  settings.state.directory = "/var/lib/godwit";
  return settings;
}

TEST(FileRules, KeysThatAreElsewhereAreNotOurs) {
  const auto all = shown(paths_of(with_keys())), ours = shown(paths_of(with_keys(), Keys::elsewhere));
  for (const char* path : {"tls.certificates /srv/tls/chain.pem r", "tls.certificates /srv/keys/tls.pem r",
                           "dkim.keys /srv/keys/dkim.pem r"}) {
    EXPECT_THAT(all, Contains(path));
    EXPECT_THAT(ours, Not(Contains(path)));
    EXPECT_THAT(shown(key_paths_of(with_keys())), Contains(path));
  }
  EXPECT_THAT(ours, Contains("log.file /srv/keys/log w"));
}

TEST(FileRules, APathOfAKeyIsWholeWhateverIsInIt) {
  config::Settings settings;
  const std::string path = "/srv/my keys, {all}/tls.pem";
  settings.tls.certificates = {{.certificate = path, .private_key = path}};
  settings.route.routes.emplace_back().private_key = path;
  EXPECT_THAT(shown(paths_of(settings)), Contains("tls.certificates " + path + " r"));
  EXPECT_THAT(shown(paths_of(settings, Keys::elsewhere)), Not(Contains(HasSubstr("/srv"))));
}

TEST(FileRules, WhatLiesBeyondIsAskedOfWhoOpensIt) {
  const Reach reach{.files = {{"/var", true}, {"/run", true}, {"/srv/keys", true}},
                    .keys = Keys::elsewhere,
                    .key_files = {{"/srv/keys", false}}};
  EXPECT_THAT(beyond(reach, with_keys()), ElementsAre("tls.certificates: /srv/tls/chain.pem"));
  EXPECT_THAT(beyond({}, with_keys()), IsEmpty());
}

TEST_F(FileRulesOnDisk, WhoHoldsTheKeysOnlyReads) {
  config::Settings settings;
  settings.log.file = at("mail/log");
  const auto rules = key_file_rules(at("live/godwit.yaml"), settings, KeyReader::user);
  EXPECT_THAT(rules, IsSupersetOf({FileRule{at("live"), false}, FileRule{at("mail"), false}, FileRule{"/etc", false}}));
  EXPECT_FALSE(std::ranges::any_of(rules, &FileRule::write));
}

TEST_F(FileRulesOnDisk, WhoCanReadWhatIsRootsHasOnlyFoldersOfKeys) {
  config::Settings settings;
  settings.log.file = at("mail/log");
  settings.lookup.tables["aliases"].path = "/etc/aliases";
  settings.state.directory = at("archive");
  settings.mailauth.keys = {
      {.domain = "example.com", .selector = "s1", .private_key = at("live/dkim.pem"), .accounts = {}}};
  auto rules = key_file_rules("/etc/godwit.yaml", settings, KeyReader::root);
  std::erase(rules, FileRule{"/etc/godwit", false});
  EXPECT_THAT(rules, ElementsAre(FileRule{at("archive"), false}, FileRule{at("live"), false}));
}

}  // namespace
}  // namespace godwit::daemon
