// SPDX-License-Identifier: Apache-2.0
#include "system_calls.hpp"

#include <array>
#include <cerrno>
#include <memory>

#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>

namespace godwit::daemon {
namespace {

using Filter = std::unique_ptr<void, decltype([](void* filter) { ::seccomp_release(filter); })>;

// By the names of libseccomp: what an architecture does not have is skipped.
constexpr const char* files[] = {"access",    "chmod",       "chown",
                                 "close",     "close_range", "copy_file_range",
                                 "dup",       "dup2",        "dup3",
                                 "faccessat", "faccessat2",  "fadvise64",
                                 "fallocate", "fchmod",      "fchmodat",
                                 "fchown",    "fchownat",    "fcntl",
                                 "fdatasync", "flock",       "fstat",
                                 "fstatfs",   "fsync",       "ftruncate",
                                 "getcwd",    "getdents",    "getdents64",
                                 "ioctl",     "lchown",      "link",
                                 "linkat",    "lseek",       "lstat",
                                 "mkdir",     "mkdirat",     "newfstatat",
                                 "open",      "openat",      "openat2",
                                 "pipe",      "pipe2",       "pread64",
                                 "preadv",    "preadv2",     "pwrite64",
                                 "pwritev",   "pwritev2",    "read",
                                 "readahead", "readlink",    "readlinkat",
                                 "readv",     "rename",      "renameat",
                                 "renameat2", "rmdir",       "sendfile",
                                 "stat",      "statfs",      "statx",
                                 "symlink",   "symlinkat",   "sync_file_range",
                                 "truncate",  "umask",       "unlink",
                                 "unlinkat",  "utimensat",   "write",
                                 "writev"};
constexpr const char* network[] = {
    "accept",          "accept4",        "bind",         "connect",    "epoll_create", "epoll_create1",
    "epoll_ctl",       "epoll_pwait",    "epoll_pwait2", "epoll_wait", "eventfd2",     "getpeername",
    "getsockname",     "getsockopt",     "listen",       "poll",       "ppoll",        "pselect6",
    "recvfrom",        "recvmmsg",       "recvmsg",      "select",     "sendmmsg",     "sendmsg",
    "sendto",          "setsockopt",     "shutdown",     "socket",     "socketpair",   "timerfd_create",
    "timerfd_gettime", "timerfd_settime"};
constexpr const char* memory[] = {"brk",  "madvise",  "membarrier", "mincore", "mlock",
                                  "mmap", "mprotect", "mremap",     "munlock", "munmap"};
constexpr const char* threads[] = {"arch_prctl",
                                   "exit",
                                   "exit_group",
                                   "futex",
                                   "get_robust_list",
                                   "getcpu",
                                   "getpriority",
                                   "gettid",
                                   "kill",
                                   "prctl",
                                   "restart_syscall",
                                   "rseq",
                                   "rt_sigaction",
                                   "rt_sigpending",
                                   "rt_sigprocmask",
                                   "rt_sigreturn",
                                   "rt_sigsuspend",
                                   "rt_sigtimedwait",
                                   "sched_getaffinity",
                                   "sched_getparam",
                                   "sched_getscheduler",
                                   "sched_setattr",
                                   "sched_yield",
                                   "set_robust_list",
                                   "set_tid_address",
                                   "sigaltstack",
                                   "tgkill",
                                   "wait4",
                                   "waitid"};
constexpr const char* time_and_self[] = {"capget",    "clock_getres", "clock_gettime", "clock_nanosleep", "getegid",
                                         "geteuid",   "getgid",       "getgroups",     "getpgrp",         "getpid",
                                         "getppid",   "getrandom",    "getresgid",     "getresuid",       "getrlimit",
                                         "getrusage", "gettimeofday", "getuid",        "nanosleep",       "sysinfo",
                                         "time",      "times",        "uname"};

constexpr const char* of_keys[] = {"access",
                                   "brk",
                                   "clock_gettime",
                                   "close",
                                   "exit",
                                   "exit_group",
                                   "faccessat",
                                   "faccessat2",
                                   "fcntl",
                                   "fstat",
                                   "futex",
                                   "getcpu",
                                   "getpid",
                                   "getrandom",
                                   "gettid",
                                   "gettimeofday",
                                   "lseek",
                                   "lstat",
                                   "madvise",
                                   "mmap",
                                   "mprotect",
                                   "mremap",
                                   "munmap",
                                   "newfstatat",
                                   "open",
                                   "openat",
                                   "pread64",
                                   "read",
                                   "recvfrom",
                                   "restart_syscall",
                                   "rseq",
                                   "rt_sigaction",
                                   "rt_sigprocmask",
                                   "rt_sigreturn",
                                   "sched_getaffinity",
                                   "sched_yield",
                                   "sendto",
                                   "set_robust_list",
                                   "sigaltstack",
                                   "stat",
                                   "statx",
                                   "tgkill",
                                   "time"};

// Refused in so many words, so that who tries learns that it is forbidden, not missing.
constexpr const char* forbidden[] = {"execve", "execveat", "fork", "ptrace", "vfork"};

template <std::size_t N>
int allow(void* filter, const char* const (&names)[N]) {
  for (const char* name : names) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;
    if (const int failed = ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0); failed != 0) return failed;
  }
  return 0;
}

int forbid(void* filter) {
  for (const char* name : forbidden) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (const int failed = ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0); failed != 0) return failed;
  }
  return 0;
}

// Threads, but no processes.  clone3 keeps its flags where a filter cannot see them; without it glibc takes clone.
int allow_new_threads(void* filter) {
  const auto is_thread = SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
  return ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, is_thread);
}

// Limits are read, never set.
int allow_reading_limits(void* filter) {
  const auto reads = SCMP_A2(SCMP_CMP_EQ, 0);
  return ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, reads);
}

// The library makes its filters without, and only says that it was canceled when it comes to enforcing them.
bool has_seccomp() {
  return ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 || errno != EINVAL;
}

// What `add` puts on its list is all that there is from now on.
template <class Add>
base::Result<> enforce(const Add& add) {
  if (!has_seccomp()) return base::fail(base::ErrorKind::not_found, "this kernel has no seccomp");
  // A call that a library tries because it is new must look as on an older kernel.
  const Filter filter(::seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (!filter) return base::fail_os("cannot make a filter of system calls", ENOMEM);
  for (const int failed : add(filter.get()))
    if (failed != 0) return base::fail_os("cannot make a filter of system calls", -failed);
  if (const int failed = ::seccomp_load(filter.get()); failed != 0)
    return base::fail_os("cannot enforce a filter of system calls", -failed);
  return {};
}

}  // namespace

base::Result<> confine_system_calls() {
  return enforce([](void* filter) {
    return std::array{allow(filter, files),      allow(filter, network),       allow(filter, memory),
                      allow(filter, threads),    allow(filter, time_and_self), forbid(filter),
                      allow_new_threads(filter), allow_reading_limits(filter)};
  });
}

base::Result<> confine_to_signing() {
  return enforce([](void* filter) {
    return std::array{allow(filter, of_keys), forbid(filter), allow_new_threads(filter), allow_reading_limits(filter)};
  });
}

}  // namespace godwit::daemon
