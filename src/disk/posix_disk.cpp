// SPDX-License-Identifier: Apache-2.0
#include "godwit/disk/posix_disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "posix_file.hpp"

namespace godwit::disk {
namespace {

using Result = base::Result<>;

// Connections may take all descriptors for a moment.  What must be stored waits for one (its thread may block), for up
// to this long: it is no fault of the disk.
constexpr int descriptor_tries = 200;
constexpr auto descriptor_pause = std::chrono::milliseconds(50);

int open_descriptor(const std::string& path, int flags, unsigned permissions = 0) {
  for (int tries = 0;; ++tries) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, static_cast<mode_t>(permissions));
    if (descriptor >= 0) return descriptor;
    if (errno == EINTR) continue;
    if ((errno != EMFILE && errno != ENFILE) || tries >= descriptor_tries) return -1;
    std::this_thread::sleep_for(descriptor_pause);
  }
}

base::Result<std::unique_ptr<File>> open_file(const std::string& path, int flags, unsigned permissions) {
  const int descriptor = open_descriptor(path, flags | O_NOFOLLOW, permissions);
  if (descriptor < 0) return fail_path("open", path, errno);
  return std::make_unique<PosixFile>(descriptor, path);
}

Result sync_path(const std::string& directory) {
  const int descriptor = open_descriptor(directory, O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) return fail_path("open", directory, errno);
  const int code = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (code != 0) return fail_path("sync", directory, code);
  return {};
}

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result make_one(const std::string& path, unsigned permissions) {
  if (::mkdir(path.c_str(), static_cast<mode_t>(permissions)) == 0) return sync_path(parent_of(path));
  const int code = errno;
  struct stat status {};
  if (code == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  return fail_path("make directory", path, code == EEXIST ? ENOTDIR : code);
}

// The pid that the holder wrote into its lock file.
std::string holder_of(int descriptor) {
  char text[32] = {};
  const ssize_t got = ::pread(descriptor, text, sizeof text - 1, 0);
  std::string pid;
  for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; ++i) pid += text[i];
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

Task<std::unique_ptr<File>> PosixDisk::open(std::string path, OpenMode mode, unsigned permissions) {
  switch (mode) {
    case OpenMode::read:
      co_return open_file(path, O_RDONLY, 0);
    case OpenMode::read_write:
      co_return open_file(path, O_RDWR, 0);
    case OpenMode::create_new:
      break;
  }
  co_return open_file(path, O_RDWR | O_CREAT | O_EXCL, permissions);
}

Task<> PosixDisk::make_directories(std::string path, unsigned permissions) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    if (auto made = make_one(path.substr(0, slash), permissions); !made) co_return made;
  co_return make_one(path, permissions);
}

Task<std::vector<Entry>> PosixDisk::list(std::string directory) {
  DIR* stream = ::opendir(directory.c_str());
  if (stream == nullptr) co_return fail_path("list", directory, errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> closer(stream, ::closedir);
  std::vector<Entry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream);
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status {};
    if (::fstatat(::dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // removed meanwhile
      co_return fail_path("stat", directory + "/" + name, errno);
    }
    entries.push_back({std::move(name), S_ISDIR(status.st_mode), static_cast<std::uint64_t>(status.st_size)});
  }
  if (errno != 0) co_return fail_path("list", directory, errno);
  co_return entries;
}

Task<> PosixDisk::rename(std::string from, std::string to) {
  if (::rename(from.c_str(), to.c_str()) != 0) co_return fail_path("rename", from + " to " + to, errno);
  co_return Result{};
}

Task<> PosixDisk::link(std::string from, std::string to) {
  if (::link(from.c_str(), to.c_str()) != 0) co_return fail_path("link", from + " to " + to, errno);
  co_return Result{};
}

Task<> PosixDisk::remove(std::string path) {
  if (::unlink(path.c_str()) != 0) co_return fail_path("remove", path, errno);
  co_return Result{};
}

Task<> PosixDisk::sync_directory(std::string directory) {
  co_return sync_path(directory);
}

Task<Space> PosixDisk::space(std::string path) {
  struct statvfs status {};
  while (::statvfs(path.c_str(), &status) != 0)
    if (errno != EINTR) co_return fail_path("space of", path, errno);
  // f_bavail: what an unprivileged user may take.
  co_return Space{status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize};
}

Task<> PosixDisk::set_permissions(std::string path, unsigned permissions, std::string group) {
  if (!group.empty()) {
    struct group entry {};
    struct group* found = nullptr;
    std::string buffer(16384, '\0');
    const int code = ::getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
      if (code != 0) co_return base::fail_os("group " + group, code);
      co_return base::fail(base::ErrorKind::not_found, "no group named " + group);
    }
    if (::chown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0) co_return fail_path("chown", path, errno);
  }
  // After chown, which may clear set-id bits.
  if (::chmod(path.c_str(), static_cast<mode_t>(permissions)) != 0) co_return fail_path("chmod", path, errno);
  co_return Result{};
}

Task<std::unique_ptr<File>> PosixDisk::lock(std::string path) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) co_return fail_path("open", path, errno);
  auto file = std::make_unique<PosixFile>(descriptor, path);
  // flock belongs to the open file: it ends with the last descriptor (also after kill -9), and two opens in one process
  // conflict.
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) co_return fail_path("lock", path, errno);
    co_return base::fail(base::ErrorKind::refused, path + " is held by " + holder_of(descriptor), EWOULDBLOCK);
  }
  // The pid is for the administrator only, so a full disk here is no reason to refuse.
  const std::string pid = std::to_string(::getpid()) + "\n";
  auto emptied = co_await file->truncate(0);
  if (emptied) static_cast<void>(co_await file->write(0, pid));
  co_return std::unique_ptr<File>(std::move(file));
}

}  // namespace godwit::disk
