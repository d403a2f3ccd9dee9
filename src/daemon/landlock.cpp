// SPDX-License-Identifier: Apache-2.0
#include "landlock.hpp"

#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "godwit/net/file_descriptor.hpp"

namespace godwit::daemon {
namespace {

constexpr long first_that_moves = 2;      // version of the interface with LANDLOCK_ACCESS_FS_REFER
constexpr long first_that_truncates = 3;  // before, truncating is not restricted
constexpr std::uint64_t truncate = 1ULL << 14U;

constexpr std::uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t changing_files = LANDLOCK_ACCESS_FS_WRITE_FILE | truncate;
// A pipe: hostile names in the maildrop are moved aside, whatever they are.
constexpr std::uint64_t changing_folders = LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                           LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                           LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |
                                           LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_REFER;
constexpr std::uint64_t never =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
constexpr std::uint64_t of_plain_files = LANDLOCK_ACCESS_FS_READ_FILE | changing_files;

base::Result<> add_rule(int ruleset, const FileRule& rule, std::uint64_t handled) {
  const net::FileDescriptor file(::open(rule.path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    if (errno == ENOENT || errno == EACCES) return {};  // nothing there for us
    return base::fail_os("cannot open " + rule.path, errno);
  }
  auto access = rule.write ? reading | changing_files | changing_folders : reading;
  if (!S_ISDIR(status.st_mode)) access &= of_plain_files;
  const landlock_path_beneath_attr beneath{.allowed_access = access & handled, .parent_fd = file.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
    return base::fail_os("cannot grant " + rule.path, errno);
  return {};
}

}  // namespace

base::Result<> confine_files(const std::vector<FileRule>& rules) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 0 && errno != ENOSYS && errno != EOPNOTSUPP) return base::fail_os("Landlock is not permitted", errno);
  if (version < first_that_moves) return base::fail(base::ErrorKind::not_found, "this kernel has no Landlock");
  auto handled = reading | changing_files | changing_folders | never;
  if (version < first_that_truncates) handled &= ~truncate;
  const landlock_ruleset_attr attributes{.handled_access_fs = handled};
  const net::FileDescriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (ruleset.get() < 0) return base::fail_os("cannot make Landlock rules", errno);
  for (const auto& rule : rules)
    if (auto added = add_rule(ruleset.get(), rule, handled); !added) return added;
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return base::fail_os("cannot enforce Landlock rules", errno);
  return {};
}

}  // namespace godwit::daemon
