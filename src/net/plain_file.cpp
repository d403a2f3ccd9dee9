// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/plain_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace godwit::net {
namespace {

base::Result<std::string> read_all(int descriptor, const std::string& path, std::size_t most) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return base::fail_os(path, errno);
  if (!S_ISREG(status.st_mode)) return base::fail(base::ErrorKind::invalid, path + " is no plain file");
  std::string text;
  std::array<char, 16384> piece{};
  for (;;) {
    const auto got = ::read(descriptor, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::fail_os(path, errno);
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > most) return base::fail(base::ErrorKind::exhausted, path + " is too large");
  }
}

}  // namespace

base::Result<std::string> read_plain_file(const std::string& path, std::size_t most) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return base::fail_os(path, errno);
  auto text = read_all(descriptor, path, most);
  ::close(descriptor);
  return text;
}

base::Result<FileStamp> read_stamp(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return FileStamp{};
    return base::fail_os(path, errno);
  }
  constexpr std::int64_t second = 1'000'000'000;
  return FileStamp{.device = status.st_dev,
                   .inode = status.st_ino,
                   .size = status.st_size,
                   .changed = status.st_ctim.tv_sec * second + status.st_ctim.tv_nsec,
                   .mode = status.st_mode};
}

FileStamp stamp_of(const std::string& path) {
  return read_stamp(path).value_or(FileStamp{});
}

}  // namespace godwit::net
