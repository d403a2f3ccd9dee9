// SPDX-License-Identifier: Apache-2.0
#include "replace_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace godwit::auth {
namespace {

constexpr mode_t new_file_mode = 0640;

// A file made beside the one it will replace; removed unless renamed.
class Temporary {
 public:
  explicit Temporary(const std::string& beside) : name_(beside + ".XXXXXX") {
    descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    if (!renamed_) ::unlink(name_.c_str());
  }
  int descriptor() const { return descriptor_; }
  int rename_to(const std::string& file) {
    const int failed = ::rename(name_.c_str(), file.c_str());
    renamed_ = failed == 0;
    return failed;
  }

 private:
  std::string name_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string directory_of(const std::string& file) {
  const auto parent = std::filesystem::path(file).parent_path();
  return parent.empty() ? "." : parent.string();
}

int open_directory(const std::string& directory) {
  return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

// What a symbolic link leads to, also when that is not there yet.
std::string target_of(const std::string& file) {
  std::error_code error;
  const auto target = std::filesystem::weakly_canonical(file, error);
  return error ? file : target.string();
}

base::Result<> take_over_owner(int descriptor, const std::string& file, const std::string& directory) {
  struct stat old {};
  if (::stat(file.c_str(), &old) != 0) {
    // A new file: readable by the service's group where the directory belongs to it; without that right it stays our
    // own group's.
    if (::stat(directory.c_str(), &old) == 0 && ::fchown(descriptor, static_cast<uid_t>(-1), old.st_gid) != 0)
      errno = 0;
    return ::fchmod(descriptor, new_file_mode) == 0 ? base::Result<>() : base::fail_os(file, errno);
  }
  struct stat made {};
  if (::fstat(descriptor, &made) != 0) return base::fail_os(file, errno);
  const bool same = made.st_uid == old.st_uid && made.st_gid == old.st_gid;
  if (!same && ::fchown(descriptor, old.st_uid, old.st_gid) != 0)
    return base::fail_os("cannot keep the owner of " + file, errno);
  return ::fchmod(descriptor, old.st_mode & 07777U) == 0 ? base::Result<>() : base::fail_os(file, errno);
}

}  // namespace

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Result<DirectoryLock> lock_directory_of(const std::string& file) {
  const std::string directory = directory_of(target_of(file));
  const int descriptor = open_directory(directory);
  if (descriptor < 0) return base::fail_os(directory, errno);
  DirectoryLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX) != 0) return base::fail_os(directory, errno);
  return lock;
}

base::Result<std::string> read_file(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return errno == ENOENT ? base::Result<std::string>() : base::fail_os(file, errno);
  std::string text;
  std::array<char, 16384> piece{};
  ssize_t got = 0;
  while ((got = ::read(descriptor, piece.data(), piece.size())) > 0)
    text.append(piece.data(), static_cast<std::size_t>(got));
  const int error = errno;
  ::close(descriptor);
  if (got < 0) return base::fail_os(file, error);
  return text;
}

base::Result<> replace_file(const std::string& file, std::string_view bytes) {
  const std::string target = target_of(file);
  const std::string directory = directory_of(target);
  Temporary temporary(target);
  if (temporary.descriptor() < 0) return base::fail_os("cannot write in " + directory, errno);
  if (!write_all(temporary.descriptor(), bytes)) return base::fail_os("cannot write " + file, errno);
  if (auto kept = take_over_owner(temporary.descriptor(), target, directory); !kept) return kept;
  // The content is durable before the name leads to it, and the name before we say so.
  if (::fsync(temporary.descriptor()) != 0) return base::fail_os("cannot sync " + file, errno);
  if (temporary.rename_to(target) != 0) return base::fail_os("cannot replace " + file, errno);
  const int parent = open_directory(directory);
  const bool synced = parent >= 0 && ::fsync(parent) == 0;
  const int error = errno;
  if (parent >= 0) ::close(parent);
  return synced ? base::Result<>() : base::fail_os("cannot sync " + directory, error);
}

}  // namespace godwit::auth
