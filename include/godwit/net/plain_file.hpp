// SPDX-License-Identifier: Apache-2.0
// Reads a file that a configuration names, whatever stands behind its name: devices and pipes, of which some never end
// and others never begin, are refused.  Blocks on the disk.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "godwit/base/result.hpp"

namespace godwit::net {

// All of it.  Blocks on the disk, but for nobody who might write.  Errors: io (os_error), invalid (no plain file),
// exhausted (more than `most` bytes).  Each begins with the path.
base::Result<std::string> read_plain_file(const std::string& path, std::size_t most);

// Enough to notice that a file was written or replaced, also behind a symbolic link (certbot's live/ folder).
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = -1;  // -1: there is no such file
  std::int64_t changed = 0;
  std::uint32_t mode = 0;
  auto operator<=>(const FileStamp&) const = default;
};
FileStamp stamp_of(const std::string& path);
// Errors: io (it cannot be told whether there is one).  Begins with the path.
base::Result<FileStamp> read_stamp(const std::string& path);

}  // namespace godwit::net
