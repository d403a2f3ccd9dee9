// SPDX-License-Identifier: Apache-2.0
#include "key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace godwit::tools {
namespace {

constexpr mode_t folder_mode = 0750;
constexpr mode_t key_mode = 0640;

base::Result<> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return base::fail_os(path, errno);
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor) != 0) return base::fail_os(path, errno);
  return {};
}

// The daemon's user is in the group of the configuration's folder.
gid_t group_of(const std::filesystem::path& folder) {
  struct stat status {};
  return ::stat(folder.c_str(), &status) == 0 ? status.st_gid : ::getegid();
}

}  // namespace

base::Result<> write_key(const std::string& path, const mailauth::Key& key) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) {
    if (::mkdir(folder.c_str(), folder_mode) != 0) return base::fail_os(folder.string(), errno);
    if (::geteuid() == 0 && ::chown(folder.c_str(), 0, group_of(folder.parent_path())) != 0)
      return base::fail_os(folder.string(), errno);
  }
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return base::fail_os(path, errno);
  auto written = write_all(descriptor, key.private_pem(), path);
  if (written && ::geteuid() == 0 && ::fchown(descriptor, 0, group_of(folder)) != 0)
    written = base::fail_os(path, errno);
  if (written && ::fchmod(descriptor, key_mode) != 0) written = base::fail_os(path, errno);
  ::close(descriptor);
  if (!written) ::unlink(path.c_str());
  return written;
}

base::Result<mailauth::Key> read_key(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail_os(path, errno);
  const std::string pem((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto key = mailauth::Key::from_pem(pem);
  if (!key) return base::fail(key.error().kind, path + ": " + key.error().message);
  return key;
}

}  // namespace godwit::tools
