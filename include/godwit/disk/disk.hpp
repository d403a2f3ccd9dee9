// SPDX-License-Identifier: Apache-2.0
// The disk as an interface, so that tests run the real code on a simulated disk that loses what was not synced.  Every
// file operation of the daemon on mail goes through it: spool, Maildirs.
//
// Threads: the real disk (posix_disk.hpp) blocks the thread that runs the coroutine, so co_await these only from a
// coroutine spawned on an executor that may block (the committer, a pool), never on a reactor.  The simulated disk
// completes at a virtual time. Errors: kind io with os_error (ENOENT → not_found, ENOSPC/EDQUOT → exhausted). Paths are
// absolute, or relative to the working directory; never contain NUL.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/result.hpp"

namespace godwit::disk {

template <class T = void>
using Task = boost::asio::awaitable<base::Result<T>>;

class File {
 public:
  virtual ~File() = default;  // closes
  // Writes all of `bytes` at `offset`, or fails.  Not durable until sync() completed.
  virtual Task<> write(std::uint64_t offset, std::string_view bytes) = 0;
  virtual Task<> write_vector(std::uint64_t offset, std::span<const std::string_view> parts) = 0;
  // Reads up to into.size() bytes; fewer only at the end of the file.
  virtual Task<std::size_t> read(std::uint64_t offset, std::span<char> into) = 0;
  // Durable afterwards: all bytes written before, and the size.  Not the file's name.  A failure is final: the state on
  // disk is unknown and no later sync can be trusted.
  virtual Task<> sync() = 0;
  virtual Task<std::uint64_t> size() = 0;
  virtual Task<> truncate(std::uint64_t size) = 0;
  // Whether `path` still names this file; false: it was removed, renamed or replaced, perhaps with its folder.
  virtual Task<bool> is_at(std::string path) = 0;
  // Of what is open, whatever lies under its name by now.
  virtual Task<> set_permissions(unsigned permissions) = 0;
};

enum class OpenMode {
  read,        // must exist; may be a directory, of which only the permissions can be set
  read_write,  // must exist
  create_new,  // must not exist; made with `mode`
};

struct Entry {
  std::string name;
  bool is_directory = false;
  std::uint64_t size = 0;
};

struct Space {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Task<std::unique_ptr<File>> open(std::string path, OpenMode mode, unsigned permissions = 0600) = 0;
  // All missing parents too; each new name is durable afterwards.  Exists already: fine.
  virtual Task<> make_directories(std::string path, unsigned permissions = 0700) = 0;
  virtual Task<std::vector<Entry>> list(std::string directory) = 0;
  virtual Task<> rename(std::string from, std::string to) = 0;
  virtual Task<> link(std::string from, std::string to) = 0;
  virtual Task<> remove(std::string path) = 0;
  // Durable afterwards: names made, renamed and removed in this directory before.
  virtual Task<> sync_directory(std::string directory) = 0;
  virtual Task<Space> space(std::string path) = 0;
  // Group "": unchanged.  A symbolic link is followed.
  virtual Task<> set_permissions(std::string path, unsigned permissions, std::string group) = 0;
  // Held until the returned object dies.  refused: another process holds it (message says which pid where known).
  virtual Task<std::unique_ptr<File>> lock(std::string path) = 0;
};

}  // namespace godwit::disk
