// SPDX-License-Identifier: Apache-2.0
// The real disk.  Each operation blocks the thread that runs the coroutine and completes without suspending, so spawn
// the caller on an executor that may block.  Stateless and thread-safe; a File may be used from several threads where
// the writes do not overlap.
//
// File::sync is fdatasync: it makes the size durable when that changed, and spares the journal commit where only times
// did. The last part of a path is never followed when it is a symbolic link, but where disk.hpp says so.
#pragma once

#include "godwit/disk/disk.hpp"

namespace godwit::disk {

class PosixDisk final : public Disk {
 public:
  Task<std::unique_ptr<File>> open(std::string path, OpenMode mode, unsigned permissions = 0600) override;
  Task<> make_directories(std::string path, unsigned permissions = 0700) override;
  Task<std::vector<Entry>> list(std::string directory) override;
  Task<> rename(std::string from, std::string to) override;
  Task<> link(std::string from, std::string to) override;
  Task<> remove(std::string path) override;
  Task<> sync_directory(std::string directory) override;
  Task<Space> space(std::string path) override;
  Task<> set_permissions(std::string path, unsigned permissions, std::string group) override;
  Task<std::unique_ptr<File>> lock(std::string path) override;
};

}  // namespace godwit::disk
