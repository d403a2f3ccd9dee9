// SPDX-License-Identifier: Apache-2.0
#include "privileges.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace godwit::daemon {
namespace {

constexpr unsigned bind_bit = 1U << CAP_NET_BIND_SERVICE;
constexpr unsigned read_bit = 1U << CAP_DAC_READ_SEARCH;

unsigned permitted() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct now[2] = {};
  return ::syscall(SYS_capget, &header, now) == 0 ? now[0].permitted : 0;
}

// Those of systemd (AmbientCapabilities=) too.
base::Result<> keep_capabilities(unsigned bits) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  bits &= permitted();
  const __user_cap_data_struct kept[2] = {{.effective = bits, .permitted = bits, .inheritable = 0}, {}};
  if (::syscall(SYS_capset, &header, kept) != 0) return base::fail_os("cannot drop capabilities", errno);
  return {};
}

// Keeps the capabilities that it has.
base::Result<> become(const std::string& user) {
  const passwd* entry = ::getpwnam(user.c_str());  // NOLINT(concurrency-mt-unsafe): as yet alone
  if (entry == nullptr)
    return base::fail(base::ErrorKind::not_found, "user: there is no user " + user + " on this system");
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return base::fail_os("cannot keep capabilities", errno);
  if (::initgroups(user.c_str(), entry->pw_gid) != 0 || ::setgid(entry->pw_gid) != 0 || ::setuid(entry->pw_uid) != 0)
    return base::fail_os("cannot become " + user, errno);
  return {};
}

}  // namespace

base::Result<> drop_privileges(const std::string& user, LowPorts low_ports) {
  const unsigned kept = low_ports == LowPorts::later_too ? bind_bit : 0;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return base::fail_os("cannot set no_new_privs", errno);
  if (::geteuid() != 0) return keep_capabilities(kept);
  if (user.empty()) return {};
  if (auto done = become(user); !done) return done;
  // The change of user made the process undumpable; a crash should still leave a core where the system wants one.
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  return keep_capabilities(kept);
}

base::Result<> drop_all_but_reading(const std::string& user) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return base::fail_os("cannot set no_new_privs", errno);
  if (::geteuid() == 0 && !user.empty())
    if (auto done = become(user); !done) return done;
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return base::fail_os("cannot hide the memory", errno);
  return keep_capabilities(read_bit);
}

bool may_read_everything() {
  return (permitted() & read_bit) != 0;
}

base::Result<> prepare_folder(const std::string& path, const std::string& user, unsigned mode) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) return {};
  std::filesystem::create_directories(path, failure);
  if (failure)
    return base::fail(base::ErrorKind::io, "cannot make " + path + ": " + failure.message(), failure.value());
  if (::chmod(path.c_str(), mode) != 0) return base::fail_os("cannot set the mode of " + path, errno);
  if (::geteuid() != 0 || user.empty()) return {};
  const passwd* entry = ::getpwnam(user.c_str());  // NOLINT(concurrency-mt-unsafe): as yet alone
  if (entry == nullptr)
    return base::fail(base::ErrorKind::not_found, "user: there is no user " + user + " on this system");
  if (::chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0)
    return base::fail_os("cannot give " + path + " to " + user, errno);
  return {};
}

std::string service_group(const std::string& user) {
  if (::geteuid() != 0 || user.empty()) return {};
  const passwd* entry = ::getpwnam(user.c_str());  // NOLINT(concurrency-mt-unsafe): as yet alone
  // NOLINTNEXTLINE(concurrency-mt-unsafe): likewise
  const group* its = entry == nullptr ? nullptr : ::getgrgid(entry->pw_gid);
  return its == nullptr ? std::string() : its->gr_name;
}

unsigned long raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace godwit::daemon
