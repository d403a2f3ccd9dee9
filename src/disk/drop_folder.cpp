// SPDX-License-Identifier: Apache-2.0
#include "godwit/disk/drop_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include <fmt/format.h>

namespace godwit::disk {
namespace {

constexpr std::size_t longest_kept_name = 100;
constexpr int name_tries = 100;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

base::WallTime time_of(const timespec& time) {
  return base::WallTime(std::chrono::duration_cast<base::Duration>(std::chrono::seconds(time.tv_sec) +
                                                                   std::chrono::nanoseconds(time.tv_nsec)));
}

base::Result<Folder> open_folder(const std::string& path) {
  Folder folder(::opendir(path.c_str()));
  if (!folder) return base::fail_os(path, errno);
  return folder;
}

base::Result<struct stat> status_of(int descriptor, const std::string& what) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return base::fail_os(what, errno);
  return status;
}

std::unexpected<base::Error> refused(const char* what) {
  return base::fail(base::ErrorKind::refused, what);
}

std::unexpected<base::Error> open_failure(const std::string& name, int code) {
  switch (code) {
    case ENOENT:
      return base::fail(base::ErrorKind::not_found, name + " vanished", code);
    case ELOOP:
      return refused("it is a symbolic link");
    case ENXIO:
    case ENODEV:
      return refused("it is no plain file");
    case EACCES:
    case EPERM:
      return refused("its owner keeps it from being read");
    case EWOULDBLOCK:
      return refused("its owner has a lease on it");
    default:
      return base::fail_os(name, code);
  }
}

bool is_stale(int folder, const char* name, base::WallTime before) {
  struct stat status {};
  return ::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && time_of(status.st_mtim) < before;
}

}  // namespace

DroppedFile::~DroppedFile() {
  ::close(descriptor_);
}

base::Result<std::size_t> DroppedFile::read(std::uint64_t offset, std::span<char> into) const {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const ssize_t got =
        ::pread(descriptor_, into.data() + filled, into.size() - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::fail_os("read", errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

base::Result<base::WallTime> DropFolder::changed() const {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) return base::fail_os(path_, errno);
  return time_of(status.st_mtim);
}

base::Result<DropFolder::Listing> DropFolder::list(std::size_t most, base::WallTime now, base::Duration stale) const {
  const auto folder = open_folder(path_);
  if (!folder) return std::unexpected(folder.error());
  const int descriptor = ::dirfd(folder->get());
  const auto status = status_of(descriptor, path_);
  if (!status) return std::unexpected(status.error());
  if (::geteuid() != 0 && status->st_uid != ::geteuid())
    return base::fail(base::ErrorKind::refused, path_ + " belongs to another user");
  Listing listing{.names = {}, .changed = time_of(status->st_mtim)};
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(folder->get());
    if (entry == nullptr && errno != 0) return base::fail_os(path_, errno);
    if (entry == nullptr) return listing;
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || name.starts_with(rejected)) continue;
    if (name.starts_with(unfinished) && !is_stale(descriptor, entry->d_name, now - stale)) continue;
    if (listing.names.size() == most) {
      listing.has_more = true;
      return listing;
    }
    listing.names.emplace_back(name);
  }
}

base::Result<std::shared_ptr<const DroppedFile>> DropFolder::open(const std::string& name) const {
  const auto folder = open_folder(path_);
  if (!folder) return std::unexpected(folder.error());
  // Not blocking: neither a FIFO nor a lease on the file holds us up.
  const int descriptor =
      ::openat(::dirfd(folder->get()), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return open_failure(name, errno);
  struct stat status {};
  const int code = ::fstat(descriptor, &status) == 0 ? 0 : errno;
  auto file =
      std::make_shared<const DroppedFile>(descriptor, status.st_uid, static_cast<std::uint64_t>(status.st_size));
  if (code != 0) return base::fail_os(name, code);
  if (!S_ISREG(status.st_mode)) return refused(S_ISDIR(status.st_mode) ? "it is a folder" : "it is no plain file");
  // Another name of a file that is not his would make its owner the sender.
  if (status.st_nlink > 1) return refused("it has another name elsewhere");
  return file;
}

base::Result<> DropFolder::remove(const std::string& name, const DroppedFile& file) const {
  const auto folder = open_folder(path_);
  if (!folder) return std::unexpected(folder.error());
  const auto was = status_of(file.descriptor(), name);
  if (!was) return std::unexpected(was.error());
  struct stat is {};
  if (::fstatat(::dirfd(folder->get()), name.c_str(), &is, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return base::fail_os(name, errno);
  }
  if (is.st_ino != was->st_ino || is.st_dev != was->st_dev) return refused("another file has the name now");
  if (::unlinkat(::dirfd(folder->get()), name.c_str(), 0) != 0 && errno != ENOENT) return base::fail_os(name, errno);
  return {};
}

base::Result<std::string> DropFolder::set_aside(const std::string& name, base::WallTime now) const {
  const auto folder = open_folder(path_);
  if (!folder) return std::unexpected(folder.error());
  const int at = ::dirfd(folder->get());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  for (int i = 0; i < name_tries; ++i) {
    auto other = fmt::format("{}{}.{}.{}", rejected, seconds, i, name.substr(0, longest_kept_name));
    if (::renameat2(at, name.c_str(), at, other.c_str(), RENAME_NOREPLACE) == 0) return other;
    if (errno != EEXIST) return base::fail_os(name, errno);
  }
  return base::fail_os(name, EEXIST);
}

}  // namespace godwit::disk
