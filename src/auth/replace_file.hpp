// SPDX-License-Identifier: Apache-2.0
// A small file changed in one step: after a crash there is the old one or the new one, whole.  Blocks on the disk.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "godwit/base/result.hpp"

namespace godwit::auth {

// Excludes other changes of files in the directory while it lives.
class DirectoryLock {
 public:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  int descriptor_;
};

base::Result<DirectoryLock> lock_directory_of(const std::string& file);
// Missing: empty.
base::Result<std::string> read_file(const std::string& file);
// Keeps mode, owner and group; a symbolic link stays one.  A new file: 0640, the group of its directory.
base::Result<> replace_file(const std::string& file, std::string_view bytes);

}  // namespace godwit::auth
