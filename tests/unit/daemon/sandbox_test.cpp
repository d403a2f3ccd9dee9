// SPDX-License-Identifier: Apache-2.0
// Each claim is tried in a child process that shuts itself in as the daemon does.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "daemon/landlock.hpp"
#include "daemon/system_calls.hpp"

namespace godwit::daemon {
namespace {

namespace fs = std::filesystem;

constexpr int unavailable = 77;

// What `body` gives, in a child of its own: errno or 0.
int in_child(const std::function<base::Result<>()>& shut_in, const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const auto done = shut_in();
    if (!done) ::_exit(done.error().kind == base::ErrorKind::not_found ? unavailable : 99);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int result_of(long returned) {
  return returned < 0 ? errno : 0;
}

class Sandboxed : public ::testing::Test {
 protected:
  Sandboxed() : folder_(fs::path(::testing::TempDir()) / ("sandbox-" + std::to_string(::getpid()))) {
    for (const char* name : {"ours/tmp", "ours/new", "read", "theirs"}) fs::create_directories(folder_ / name);
    for (const char* name : {"ours/tmp/mail", "read/certificate", "theirs/secret"})
      std::ofstream(folder_ / name) << "x";
  }
  ~Sandboxed() override { fs::remove_all(folder_); }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  int with_files(const std::function<int()>& body) const {
    const auto shut_in = [this] {
      return confine_files(
          {{at("ours"), true}, {at("read"), false}, {"/usr", false}, {"/lib", false}, {at("gone"), true}});
    };
    return in_child(shut_in, body);
  }
  static int with_calls(const std::function<int()>& body) { return in_child(confine_system_calls, body); }

  fs::path folder_;
};

#define SKIP_WITHOUT(result) \
  if ((result) == unavailable) GTEST_SKIP() << "this kernel cannot do it"

TEST_F(Sandboxed, GrantedFoldersAreReadWrittenAndMovedBetween) {
  const auto deliver = [this] {
    if (const int failed = result_of(::open(at("read/certificate").c_str(), O_RDONLY))) return failed;
    if (const int failed = result_of(::open(at("ours/tmp/other").c_str(), O_RDWR | O_CREAT, 0600))) return failed;
    if (const int failed = result_of(::mkdir(at("ours/cur").c_str(), 0700))) return failed;
    if (const int failed = result_of(::truncate(at("ours/tmp/mail").c_str(), 0))) return failed;
    if (const int failed = result_of(::rename(at("ours/tmp/mail").c_str(), at("ours/new/mail").c_str()))) return failed;
    return result_of(::unlink(at("ours/new/mail").c_str()));
  };
  const int result = with_files(deliver);
  SKIP_WITHOUT(result);
  EXPECT_EQ(result, 0);
}

TEST_F(Sandboxed, OtherFilesCannotBeOpened) {
  const int result = with_files([this] { return result_of(::open(at("theirs/secret").c_str(), O_RDONLY)); });
  SKIP_WITHOUT(result);
  EXPECT_EQ(result, EACCES);
  EXPECT_EQ(with_files([this] { return result_of(::open(at("theirs/new").c_str(), O_WRONLY | O_CREAT, 0600)); }),
            EACCES);
  EXPECT_EQ(with_files([this] { return result_of(::open(at("read/new").c_str(), O_WRONLY | O_CREAT, 0600)); }), EACCES);
  EXPECT_EQ(with_files([this] { return result_of(::open(at("ours/../theirs/secret").c_str(), O_RDONLY)); }), EACCES);
  EXPECT_NE(with_files([this] { return result_of(::rename(at("theirs/secret").c_str(), at("ours/secret").c_str())); }),
            0);
}

TEST_F(Sandboxed, NothingIsExecuted) {
  const auto execute = [] {
    ::execl("/usr/bin/true", "true", nullptr);
    return errno;
  };
  const int result = with_files(execute);
  SKIP_WITHOUT(result);
  EXPECT_EQ(result, EACCES);
  const int by_calls = with_calls(execute);
  SKIP_WITHOUT(by_calls);
  EXPECT_EQ(by_calls, EPERM);
}

TEST_F(Sandboxed, NoProcessIsMadeOrTraced) {
  const int result = with_calls([] { return result_of(::fork()); });
  SKIP_WITHOUT(result);
  EXPECT_EQ(result, ENOSYS) << "glibc forks by clone";
  EXPECT_EQ(with_calls([] { return result_of(::syscall(SYS_fork)); }), EPERM);
  EXPECT_EQ(with_calls([] { return result_of(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }), EPERM);
  EXPECT_EQ(with_calls([] { return result_of(::unshare(CLONE_NEWUSER)); }), ENOSYS);
  EXPECT_EQ(with_calls([] { return result_of(::syscall(SYS_setuid, 0)); }), ENOSYS);
}

TEST_F(Sandboxed, ThreadsSocketsAndFilesWork) {
  const auto work = [] {
    int failed = 0;
    std::thread thread([&failed] { failed = result_of(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)); });
    thread.join();
    if (failed != 0) return failed;
    return result_of(::open("/dev/null", O_RDWR));
  };
  const int result = with_calls(work);
  SKIP_WITHOUT(result);
  EXPECT_EQ(result, 0);
}

TEST_F(Sandboxed, WhoSignsOnlyReadsAndAnswers) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the threads of a sanitizer need more system calls";
#endif
  int pair[2] = {};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  const auto with_signing = [](const std::function<int()>& body) { return in_child(confine_to_signing, body); };
  const int result = with_signing([&] {
    char byte = 0;
    const int file = ::open(at("read/certificate").c_str(), O_RDONLY);
    int failed = result_of(file) + result_of(::read(file, &byte, 1)) + result_of(::send(pair[0], "x", 1, MSG_NOSIGNAL));
    std::thread thread([&] { failed += result_of(::recv(pair[1], &byte, 1, 0)); });
    thread.join();
    return failed;
  });
  SKIP_WITHOUT(result);
  EXPECT_EQ(result, 0);
  EXPECT_EQ(with_signing([] { return result_of(::socket(AF_INET, SOCK_STREAM, 0)); }), ENOSYS);
  EXPECT_EQ(with_signing([&] { return result_of(::write(pair[0], "x", 1)); }), ENOSYS);
  EXPECT_EQ(with_signing([&] { return result_of(::connect(pair[0], nullptr, 0)); }), ENOSYS);
  EXPECT_EQ(with_signing([&] { return result_of(::unlink(at("ours/tmp/mail").c_str())); }), ENOSYS);
  EXPECT_EQ(with_signing([] { return result_of(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }), EPERM);
  EXPECT_EQ(with_signing([] { return result_of(::kill(::getppid(), 0)); }), ENOSYS);
  ::close(pair[0]);
  ::close(pair[1]);
}

}  // namespace
}  // namespace godwit::daemon
