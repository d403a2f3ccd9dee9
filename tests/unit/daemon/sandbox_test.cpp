// SPDX-License-Identifier: Apache-2.0
// Each claim is tried in a child process that shuts itself in as the daemon does.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/landlock.hpp"
#include "daemon/sandbox.hpp"
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

// ---- a kernel that has none of it
// ----------------------------------------------------------------------------------------------------------------------

struct Lacking {
  bool landlock = false, seccomp = false;
};

sock_filter instruction(unsigned code, std::size_t value, unsigned char skipped_if_not = 0) {
  return {.code = static_cast<std::uint16_t>(code), .jt = 0, .jf = skipped_if_not, .k = static_cast<unsigned>(value)};
}

// From now on the kernel answers as one that was built without.
base::Result<> take_away(Lacking what) {
  constexpr auto load = BPF_LD | BPF_W | BPF_ABS;
  constexpr auto is_equal = BPF_JMP | BPF_JEQ | BPF_K;
  constexpr auto give = BPF_RET | BPF_K;
  constexpr unsigned no_call = ~0U;
  sock_filter program[] = {instruction(load, offsetof(seccomp_data, nr)),
                           instruction(is_equal, what.landlock ? SYS_landlock_create_ruleset : no_call, 1),
                           instruction(give, SECCOMP_RET_ERRNO | ENOSYS),
                           instruction(is_equal, what.seccomp ? SYS_seccomp : no_call, 1),
                           instruction(give, SECCOMP_RET_ERRNO | ENOSYS),
                           instruction(is_equal, what.seccomp ? SYS_prctl : no_call, 5),
                           instruction(load, offsetof(seccomp_data, args[0])),
                           instruction(is_equal, PR_GET_SECCOMP, 1),
                           instruction(give, SECCOMP_RET_ERRNO | EINVAL),
                           instruction(is_equal, PR_SET_SECCOMP, 1),
                           instruction(give, SECCOMP_RET_ERRNO | EINVAL),
                           instruction(give, SECCOMP_RET_ALLOW)};
  const sock_fprog filter{.len = std::size(program), .filter = program};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0) return {};
  return base::fail(base::ErrorKind::not_found, "no filter can be set here");
}

class OnOldKernel : public Sandboxed {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer looks at the process from a child of its own";
#endif
  }

  // What came of it in a process that enters the sandbox there: what is said, then what it cannot do.
  std::vector<std::string> enter(Lacking what) {
    const auto enter_and_tell = [this] {
      std::ofstream out(at("ours/told"));
      const auto sandbox = enter_sandbox(at("ours/godwit.yaml"), config::Settings{}, Keys::here);
      for (const auto& remark : sandbox.remarks) out << remark << '\n';
      if (sandbox.files != !sandbox.granted.empty()) out << "what is granted is wrong\n";
      if (sandbox.files && ::open(at("theirs/secret").c_str(), O_RDONLY) < 0) out << "opens only what is granted\n";
      if (sandbox.system_calls && ::fork() < 0) out << "makes no process\n";
      return out.flush() ? 0 : 1;
    };
    result_ = in_child([what] { return take_away(what); }, enter_and_tell);
    std::ifstream told(at("ours/told"));
    std::vector<std::string> lines;
    for (std::string line; std::getline(told, line);) lines.push_back(line);
    return lines;
  }

  int result_ = 0;
};

TEST_F(OnOldKernel, ItIsSaidAndTheDaemonGoesOn) {
  const auto told = enter({.landlock = true, .seccomp = true});
  SKIP_WITHOUT(result_);
  EXPECT_EQ(result_, 0);
  EXPECT_THAT(told,
              ::testing::ElementsAre("files: this kernel has no Landlock", "system calls: this kernel has no seccomp"));
}

TEST_F(OnOldKernel, WhatThereIsIsInForce) {
  const auto by_calls = enter({.landlock = true});
  SKIP_WITHOUT(result_);
  EXPECT_THAT(by_calls, ::testing::ElementsAre("files: this kernel has no Landlock", "makes no process"));
  SKIP_WITHOUT(with_files([] { return 0; }));
  EXPECT_THAT(enter({.seccomp = true}),
              ::testing::ElementsAre("system calls: this kernel has no seccomp", "opens only what is granted"));
}

}  // namespace
}  // namespace godwit::daemon
