// SPDX-License-Identifier: Apache-2.0
#include "owner.hpp"

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace godwit::tools {

base::Result<AsOwner> AsOwner::of(const std::string& folder) {
  AsOwner self;
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return base::fail_os(folder, errno);
  if (::geteuid() != 0 || status.st_uid == 0) return self;
  self.group_ = ::getegid();
  if (::setegid(status.st_gid) != 0) return base::fail_os("acting as the owner of " + folder, errno);
  self.changed_ = true;
  if (::seteuid(status.st_uid) != 0) return base::fail_os("acting as the owner of " + folder, errno);
  return self;
}

AsOwner::AsOwner(AsOwner&& other) noexcept : changed_(std::exchange(other.changed_, false)), group_(other.group_) {}

AsOwner::~AsOwner() {
  // Going on as somebody else than the program believes it is would be worse than ending.
  if (changed_ && (::seteuid(0) != 0 || ::setegid(group_) != 0)) std::abort();
}

}  // namespace godwit::tools
