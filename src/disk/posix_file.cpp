// SPDX-License-Identifier: Apache-2.0
#include "posix_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace godwit::disk {
namespace {

constexpr std::size_t max_parts = 1024;  // IOV_MAX of Linux

// What tells one file from another, and no time: whoever asks for the times of a file makes Linux (6.13 and later) give
// the next write a time of its own, and so each sync an inode to write.
constexpr unsigned which_file = STATX_INO;

bool same_file(const struct statx& one, const struct statx& other) {
  return one.stx_ino == other.stx_ino && one.stx_dev_major == other.stx_dev_major &&
         one.stx_dev_minor == other.stx_dev_minor;
}

// Takes `written` bytes from the front of `parts`.
std::span<iovec> skip(std::span<iovec> parts, std::size_t written) {
  while (!parts.empty() && written >= parts.front().iov_len) {
    written -= parts.front().iov_len;
    parts = parts.subspan(1);
  }
  if (!parts.empty()) {
    parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + written;
    parts.front().iov_len -= written;
  }
  return parts;
}

// 0, or errno.
int write_all(int descriptor, std::uint64_t offset, std::span<iovec> parts) {
  for (parts = skip(parts, 0); !parts.empty();) {
    const auto count = static_cast<int>(parts.size());
    const ssize_t written = ::pwritev(descriptor, parts.data(), count, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return EIO;  // never for a regular file; would loop for ever
    offset += static_cast<std::uint64_t>(written);
    parts = skip(parts, static_cast<std::size_t>(written));
  }
  return 0;
}

iovec to_iovec(std::string_view part) {
  return {const_cast<char*>(part.data()), part.size()};
}

}  // namespace

std::unexpected<base::Error> fail_path(std::string_view what, const std::string& path, int code) {
  auto error = base::fail_os(std::string(what) + " " + path, code);
  if (code == ENOENT) error.error().kind = base::ErrorKind::not_found;
  if (code == ENOSPC || code == EDQUOT) error.error().kind = base::ErrorKind::exhausted;
  return error;
}

PosixFile::~PosixFile() {
  ::close(descriptor_);
}

Task<> PosixFile::write(std::uint64_t offset, std::string_view bytes) {
  iovec part = to_iovec(bytes);
  if (const int code = write_all(descriptor_, offset, {&part, 1}); code != 0) co_return fail_path("write", path_, code);
  co_return base::Result<>{};
}

Task<> PosixFile::write_vector(std::uint64_t offset, std::span<const std::string_view> parts) {
  std::array<iovec, max_parts> vector;
  while (!parts.empty()) {
    const std::size_t count = std::min(parts.size(), max_parts);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i) {
      vector[i] = to_iovec(parts[i]);
      bytes += parts[i].size();
    }
    if (const int code = write_all(descriptor_, offset, std::span(vector).first(count)); code != 0)
      co_return fail_path("write", path_, code);
    offset += bytes;
    parts = parts.subspan(count);
  }
  co_return base::Result<>{};
}

Task<std::size_t> PosixFile::read(std::uint64_t offset, std::span<char> into) {
  std::size_t got = 0;
  while (got < into.size()) {
    const ssize_t n = ::pread(descriptor_, into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) co_return fail_path("read", path_, errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  co_return got;
}

Task<> PosixFile::sync() {
  // No retry on EINTR or EIO: after any failure the kernel may have dropped the dirty pages and reported it once.
  if (::fdatasync(descriptor_) != 0) co_return fail_path("sync", path_, errno);
  co_return base::Result<>{};
}

Task<std::uint64_t> PosixFile::size() {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) co_return fail_path("stat", path_, errno);
  co_return static_cast<std::uint64_t>(status.st_size);
}

Task<> PosixFile::truncate(std::uint64_t size) {
  while (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0)
    if (errno != EINTR) co_return fail_path("truncate", path_, errno);
  co_return base::Result<>{};
}

Task<bool> PosixFile::is_at(std::string path) {
  struct statx ours {};
  if (::statx(descriptor_, "", AT_EMPTY_PATH, which_file, &ours) != 0) co_return fail_path("stat", path_, errno);
  struct statx there {};
  if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, which_file, &there) == 0) co_return same_file(ours, there);
  if (errno == ENOENT || errno == ENOTDIR) co_return false;
  co_return fail_path("stat", path, errno);
}

Task<> PosixFile::set_permissions(unsigned permissions) {
  if (::fchmod(descriptor_, static_cast<mode_t>(permissions)) != 0) co_return fail_path("chmod", path_, errno);
  co_return base::Result<>{};
}

}  // namespace godwit::disk
