// SPDX-License-Identifier: Apache-2.0
// A folder into which every user of the machine may put files, and which only its owner can list (mode 3733: see
// sticky(7)).  Whatever lies in it is hostile until it was looked at: nothing is followed, waited for, or believed by
// its name.  Blocks: on a pool only.  Errors of all: io with os_error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"

namespace godwit::disk {

// A plain file of one name.  Its owner may still change it while it is read.
class DroppedFile {
 public:
  DroppedFile(int descriptor, uid_t owner, std::uint64_t size) : descriptor_(descriptor), owner_(owner), size_(size) {}
  DroppedFile(const DroppedFile&) = delete;
  DroppedFile& operator=(const DroppedFile&) = delete;
  ~DroppedFile();

  uid_t owner() const { return owner_; }
  std::uint64_t size() const { return size_; }  // when it was opened
  int descriptor() const { return descriptor_; }
  // Up to into.size() bytes; fewer only at the end of the file.
  base::Result<std::size_t> read(std::uint64_t offset, std::span<char> into) const;

 private:
  int descriptor_;
  uid_t owner_;
  std::uint64_t size_;
};

class DropFolder {
 public:
  // Names that begin so are being written, or were set aside.
  static constexpr const char* unfinished = "tmp.";
  static constexpr const char* rejected = "rejected.";

  explicit DropFolder(std::string path) : path_(std::move(path)) {}

  struct Listing {
    std::vector<std::string> names;  // in no order; without what was set aside
    bool has_more = false;
    base::WallTime changed{};  // when names last came or went
  };
  // Unfinished files only when they are older than `stale`.  Errors: also refused (it is not ours: what is taken could
  // not be removed).
  base::Result<Listing> list(std::size_t most, base::WallTime now, base::Duration stale) const;
  // The time alone.
  base::Result<base::WallTime> changed() const;
  // Errors: not_found (it vanished), refused (no plain file, with words).
  base::Result<std::shared_ptr<const DroppedFile>> open(const std::string& name) const;
  // Only if the name still is that of `file`.  Errors: also refused (it is not).
  base::Result<> remove(const std::string& name, const DroppedFile& file) const;
  // Whatever it is stays in the folder under another name, which is returned.
  base::Result<std::string> set_aside(const std::string& name, base::WallTime now) const;

 private:
  std::string path_;
};

}  // namespace godwit::disk
