// SPDX-License-Identifier: Apache-2.0
// The real process, as the daemon begins it.
#include "daemon/key_process.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/sandbox.hpp"
#include "godwit/mailauth/key.hpp"
#include "support/test_certificate.hpp"

namespace godwit::daemon {
namespace {

using ::testing::AnyOf;
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

TEST_F(KeyProcessTest, ThatHasEndedIsNoticedThoughTheSystemTellsNobodyHow) {
  std::signal(SIGCHLD, SIG_IGN);
  const auto process = start();
  ASSERT_TRUE(process);
  EXPECT_FALSE(process->why_ended());
  ::kill(process->pid(), SIGKILL);
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!process->why_ended() && std::chrono::steady_clock::now() < patience) std::this_thread::yield();
  EXPECT_EQ(process->why_ended(), "it ended");
  std::signal(SIGCHLD, SIG_DFL);
}

TEST_F(KeyProcessTest, ThatEndsBeforeItSaysAnythingIsNoticed) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* read_only = ::mmap(nullptr, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(read_only, MAP_FAILED);
  const std::span title(static_cast<char*>(read_only), page);  // where it writes its name
  const auto started = KeyProcess::start(folder_ / "godwit.yaml", settings_, 2, title);
  ::munmap(read_only, page);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, AnyOf(HasSubstr("it was killed by signal"), HasSubstr("it ended with status")));
}

TEST_F(KeyProcessTest, ThatCannotHaveItsThreadsSaysSo) {
  if (::geteuid() != 0) GTEST_SKIP() << "who is not root would not come so far";
  settings_.user = "nobody";
  rlimit before{};
  ::getrlimit(RLIMIT_NPROC, &before);
  const rlimit one{.rlim_cur = 1, .rlim_max = before.rlim_max};  // for root there is no limit
  ::setrlimit(RLIMIT_NPROC, &one);
  const auto started = KeyProcess::start(folder_ / "godwit.yaml", settings_, 2, {});
  ::setrlimit(RLIMIT_NPROC, &before);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("Resource temporarily unavailable"));
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
