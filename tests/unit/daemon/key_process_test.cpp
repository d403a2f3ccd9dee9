// SPDX-License-Identifier: Apache-2.0
// The real process, as the daemon begins it.
#include "daemon/key_process.hpp"

#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <unistd.h>

#include "daemon/sandbox.hpp"
#include "godwit/mailauth/key.hpp"
#include "support/test_certificate.hpp"

namespace godwit::daemon {
namespace {

using ::testing::HasSubstr;

class KeyProcessTest : public ::testing::Test {
 protected:
  KeyProcessTest() {
    settings_.user = "";
    settings_.state.directory = folder_ / "state";
    const auto path = folder_.write("dkim.pem", key_.private_pem());
    settings_.mailauth.keys = {{.domain = "example.com", .selector = "s1", .private_key = path, .accounts = {}}};
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    ::pthread_sigmask(SIG_BLOCK, &ended, nullptr);
  }

  std::unique_ptr<KeyProcess> start() {
    auto started = KeyProcess::start(folder_ / "godwit.yaml", settings_, 2, {});
    EXPECT_TRUE(started) << started.error().message;
    return started ? std::move(*started) : nullptr;
  }
  base::Result<std::string> sign(const KeyProcess& process) {
    auto held = process.keys().private_key(settings_.mailauth.keys.front().private_key);
    if (!held) return std::unexpected(held.error());
    return mailauth::Key::from_handle(held->release()).value().sign(digest_);
  }
  static std::string status_of(pid_t process, const std::string& name) {
    std::ifstream file("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(file, line);)
      if (line.starts_with(name + ":")) return line.substr(name.size() + 2);
    return {};
  }

  testing::TemporaryFolder folder_;
  config::Settings settings_;
  const mailauth::Key key_ = mailauth::Key::generate(mailauth::KeyKind::ed25519, 0).value();
  const std::string digest_ = std::string(32, 'd');
};

TEST_F(KeyProcessTest, Signs) {
  const auto process = start();
  ASSERT_TRUE(process);
  EXPECT_TRUE(key_.verifies(digest_, sign(*process).value()));
  EXPECT_FALSE(process->why_ended());
}

TEST_F(KeyProcessTest, IsShutInAndHasNothingOfTheDaemonOpen) {
  const int ours = ::dup(STDERR_FILENO);
  const auto process = start();
  ::close(ours);
  ASSERT_TRUE(process);
  EXPECT_EQ(status_of(process->pid(), "Name"), "godwitd: keys");
  EXPECT_EQ(status_of(process->pid(), "NoNewPrivs"), "1");
  const auto open = std::filesystem::directory_iterator("/proc/" + std::to_string(process->pid()) + "/fd");
  EXPECT_LE(std::distance(begin(open), end(open)), 3 + 3) << "the standard streams, and its sockets";
  if (!is_sandbox_wanted(settings_) || !process->remarks().empty())
    GTEST_SKIP() << "this kernel, or this build, cannot";
  EXPECT_EQ(status_of(process->pid(), "Seccomp"), "2");
  const auto outside = process->keys().readable("/usr/bin/env");
  ASSERT_FALSE(outside);
  EXPECT_EQ(outside.error().os_error, EACCES);
}

TEST_F(KeyProcessTest, ThatHasEndedIsNoticed) {
  const auto process = start();
  ASSERT_TRUE(process);
  ASSERT_TRUE(sign(*process));
  ::kill(process->pid(), SIGKILL);
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  int number = 0;
  while (!process->why_ended()) ::sigwait(&ended, &number);  // it may be that of an earlier one
  EXPECT_EQ(process->why_ended(), "it was killed by signal 9");
  const auto signature = sign(*process);
  ASSERT_FALSE(signature);
  EXPECT_THAT(signature.error().message, HasSubstr("has ended"));
}

TEST_F(KeyProcessTest, WithoutItsUserIsNotBegun) {
  if (::geteuid() != 0) GTEST_SKIP() << "who is not root stays what he is";
  settings_.user = "no-such-user";
  const auto started = KeyProcess::start(folder_ / "godwit.yaml", settings_, 2, {});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("there is no user no-such-user"));
}

}  // namespace
}  // namespace godwit::daemon
