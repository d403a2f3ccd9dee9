// SPDX-License-Identifier: Apache-2.0
#include "daemon/live_settings.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "godwit/mailauth/key.hpp"
#include "support/hanging_keys.hpp"
#include "support/test_certificate.hpp"

namespace godwit::daemon {
namespace {

namespace files = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int nobody = 65534, low_ports_are_free = 77;

bool is_unprivileged_port(int port) {
  int first = 1024;
  std::ifstream("/proc/sys/net/ipv4/ip_unprivileged_port_start") >> first;
  return port >= first;
}

class ReloadedSettings : public ::testing::Test {
 protected:
  ReloadedSettings() {
    files::create_directories(folder_ / "state/acme");
    for (const char* for_nobody : {"", "state"}) files::permissions(folder_ / for_nobody, files::perms::all);
  }

  std::string text(const std::string& state, const std::string& host, const std::string& below) const {
    return "hostname: " + host + "\nuser: \"\"\nlisteners: []\nspool: {directory: " + folder_ / "spool" +
           "}\nstate: {directory: " + folder_ / state + "}\ncontrol: {socket: " + folder_ / "control.sock" + "}\n" +
           below;
  }
  LiveSettingsLoaded load(const std::string& whole, const config::Settings* running = nullptr) const {
    const auto file = folder_.write("godwit.yaml", whole);
    return load_live_settings(file, base::SystemClock(), OutOfDate::error, config::system_files(),
                              net::SystemInterfaces(), running, keys_);
  }
  static std::string acme(const std::string& more = {}) {
    return "tls: {acme: {terms_of_service_agreed: yes" + more + "}}\n";
  }

  // What `body` gives, as somebody without any right.
  static int as_nobody(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (::geteuid() == 0 && ::setresuid(nobody, nobody, nobody) != 0) ::_exit(99);
      ::_exit(body());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }

  testing::TemporaryFolder folder_;
  testing::HangingKeys keys_;
};

TEST_F(ReloadedSettings, AKeyOfWhichNobodyKnowsWhoMayReadItIsNotTaken) {
  const auto key = folder_.write("dkim.pem", mailauth::Key::generate(mailauth::KeyKind::ed25519, 0)->private_pem());
  const auto whole = text("state", "mail.example.com",
                          "dkim: {keys: [{domain: example.com, selector: s1, private_key: " + key + "}]}\n");
  files::permissions(key, files::perms::all);
  EXPECT_THAT(load(whole).errors, ElementsAre(HasSubstr("may be read by everybody")));
  files::permissions(key, files::perms::owner_read);
  EXPECT_THAT(load(whole).errors, IsEmpty());
  keys_.hangs_at_stamps = true;
  EXPECT_THAT(load(whole).errors, ElementsAre(HasSubstr("no answer")));
}

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

TEST_F(ReloadedSettings, AnOrderWhosePortMayNotBeBoundAnyMoreIsHeldBack) {
  const auto difference = as_nobody([this] {
    if (is_unprivileged_port(80)) return low_ports_are_free;
    const auto running = load(text("state", "mail.example.com", ""));
    if (!running.live) return 99;
    const auto held = load(text("state", "mail.example.com", acme()), &running.live->settings);
    if (!held.live || held.held_back != std::vector<std::string>{"tls.acme"}) return 1;
    if (held.live->settings.acme != running.live->settings.acme || !held.live->settings.tls.certificates.empty())
      return 2;
    for (const char* needs_no_right : {", listen: \"127.0.0.1:20080\"", ", webroot: /tmp"}) {
      const auto applied = load(text("state", "mail.example.com", acme(needs_no_right)), &running.live->settings);
      if (!applied.live || !applied.held_back.empty() || !applied.live->settings.acme.terms_of_service_agreed) return 3;
      const auto back = load(text("state", "mail.example.com", acme()), &applied.live->settings);
      if (back.held_back.empty() || back.live->settings.acme != applied.live->settings.acme) return 4;
      if (back.live->settings.tls.certificates.size() != 1) return 5;
    }
    return 0;
  });
  if (difference == low_ports_are_free) GTEST_SKIP() << "here everybody may bind low ports";
  EXPECT_EQ(difference, 0);
}

}  // namespace
}  // namespace godwit::daemon
