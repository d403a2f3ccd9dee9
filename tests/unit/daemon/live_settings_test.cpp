// SPDX-License-Identifier: Apache-2.0
#include "daemon/live_settings.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "support/test_certificate.hpp"

namespace godwit::daemon {
namespace {

namespace files = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReloadedSettings : public ::testing::Test {
 protected:
  ReloadedSettings() { files::create_directories(folder_ / "state/acme"); }

  std::string text(const std::string& state, const std::string& host, const std::string& below) const {
    return "hostname: " + host + "\nuser: \"\"\nlisteners: []\nspool: {directory: " + folder_ / "spool" +
           "}\nstate: {directory: " + folder_ / state + "}\ncontrol: {socket: " + folder_ / "control.sock" + "}\n" +
           below;
  }
  LiveSettingsLoaded load(const std::string& whole, const config::Settings* running = nullptr) const {
    const auto file = folder_.write("godwit.yaml", whole);
    return load_live_settings(file, base::SystemClock(), OutOfDate::error, config::system_files(),
                              net::SystemInterfaces(), running);
  }
  static std::string acme(const std::string& more = {}) {
    return "tls: {acme: {terms_of_service_agreed: yes" + more + "}}\n";
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ReloadedSettings, TheOwnCertificateStaysWhereItIsUntilARestart) {
  const auto pair = testing::make_certificate(folder_, "own", {.names = {"mail.example.com"}});
  const auto file = folder_ / "state/acme/certificate.pem";
  std::ofstream(file) << std::ifstream(pair.certificate).rdbuf() << std::ifstream(pair.private_key).rdbuf();
  const auto running = load(text("state", "mail.example.com", acme()));
  ASSERT_THAT(running.errors, IsEmpty());
  ASSERT_TRUE(running.live->tls.server);
  const auto next = load(text("elsewhere", "new.example.com", acme()), &running.live->settings);
  ASSERT_THAT(next.errors, IsEmpty());
  EXPECT_TRUE(next.live->tls.server);
  EXPECT_EQ(next.live->settings.tls.certificates.at(0).certificate, file);
  EXPECT_THAT(next.live->settings.acme.names, ElementsAre("mail.example.com"));
  EXPECT_THAT(config::restart_needed(running.live->settings, next.live->settings),
              ElementsAre("hostname", "state.directory"));
  // At the restart it is another.
  EXPECT_FALSE(load(text("elsewhere", "new.example.com", acme())).live->tls.server);
  const auto named =
      load(text("state", "new.example.com", acme(", names: [new.example.com]")), &running.live->settings);
  EXPECT_THAT(named.live->settings.acme.names, ElementsAre("new.example.com"));
}

}  // namespace
}  // namespace godwit::daemon
