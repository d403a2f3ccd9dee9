// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/new_file.hpp"

#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace godwit::setup {
namespace {

constexpr mode_t folder_mode = 0750;
constexpr mode_t parent_mode = 0755;
constexpr std::size_t largest_file = std::size_t{1} << 20U;

enum class Existing { keep, replace };

bool is_root() {
  return ::geteuid() == 0;
}

// The daemon's user is in the group of the configuration's folder.
gid_t group_of(const std::filesystem::path& folder) {
  struct stat status {};
  return ::stat(folder.c_str(), &status) == 0 ? status.st_gid : ::getegid();
}

gid_t group_named(const std::string& name, gid_t otherwise) {
  std::array<char, 4096> buffer{};
  struct group entry {};
  struct group* found = nullptr;
  if (name.empty() || ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0) return otherwise;
  return found != nullptr ? found->gr_gid : otherwise;
}

// Closes, and removes what did not get its name.
class Draft {
 public:
  explicit Draft(const std::string& beside) : name_(beside + ".XXXXXX") {
    descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    if (!named_) ::unlink(name_.c_str());
  }
  bool is_open() const { return descriptor_ >= 0; }

  bool fill(std::string_view bytes, mode_t mode, gid_t group) const {
    while (!bytes.empty()) {
      const auto written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR) return false;
      if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (is_root() && ::fchown(descriptor_, 0, group) != 0) return false;
    return ::fchmod(descriptor_, mode) == 0 && ::fsync(descriptor_) == 0;
  }
  bool name(const std::string& path, Existing existing) {
    const unsigned flags = existing == Existing::keep ? RENAME_NOREPLACE : 0;
    named_ = ::renameat2(AT_FDCWD, name_.c_str(), AT_FDCWD, path.c_str(), flags) == 0;
    return named_;
  }

 private:
  std::string name_;
  int descriptor_ = -1;
  bool named_ = false;
};

base::Result<> sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  return synced ? base::Result<>() : base::fail_os(folder.string(), error);
}

base::Result<> make_folder_with(const std::filesystem::path& path, mode_t mode, const std::string& group) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0)
    return S_ISDIR(status.st_mode) ? base::Result<>() : base::fail_os(path.string(), ENOTDIR);
  if (errno != ENOENT) return base::fail_os(path.string(), errno);
  const auto parent = path.parent_path();
  if (auto made = make_folder_with(parent, parent_mode, {}); !made) return made;
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return base::fail_os(path.string(), errno);
  if (is_root() && ::chown(path.c_str(), 0, group_named(group, group_of(parent))) != 0)
    return base::fail_os(path.string(), errno);
  return sync_folder(parent);
}

// Content → sync → name → sync of the folder: whoever sees the name sees all of it, after a power cut too.
base::Result<> write(const std::string& path, std::string_view bytes, mode_t mode, Existing existing) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  if (auto made = make_folder(folder.string()); !made) return made;
  Draft draft(path);
  if (!draft.is_open()) return base::fail_os(path, errno);
  if (!draft.fill(bytes, mode, group_of(folder))) return base::fail_os(path, errno);
  if (!draft.name(path, existing)) return base::fail_os(path, errno);
  return sync_folder(folder);
}

}  // namespace

base::Result<> make_folder(const std::string& folder, const std::string& group) {
  return make_folder_with(std::filesystem::absolute(folder).lexically_normal(), folder_mode, group);
}

base::Result<> write_new_file(const std::string& path, std::string_view bytes, mode_t mode) {
  return write(path, bytes, mode, Existing::keep);
}

base::Result<> write_file(const std::string& path, std::string_view bytes, mode_t mode) {
  return write(path, bytes, mode, Existing::replace);
}

base::Result<std::string> read_small_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    const int code = errno;
    auto failure = base::fail_os(path, code);
    if (code == ENOENT) failure.error().kind = base::ErrorKind::not_found;
    return failure;
  }
  std::string text;
  std::array<char, 16384> piece{};
  ssize_t got = 0;
  while (text.size() <= largest_file && (got = ::read(descriptor, piece.data(), piece.size())) > 0)
    text.append(piece.data(), static_cast<std::size_t>(got));
  const int error = errno;
  ::close(descriptor);
  if (got < 0) return base::fail_os(path, error);
  if (text.size() > largest_file) return base::fail(base::ErrorKind::exhausted, path + ": is too large");
  return text;
}

}  // namespace godwit::setup
