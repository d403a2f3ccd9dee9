// SPDX-License-Identifier: Apache-2.0
#include "bind_unix.hpp"

#include <cerrno>
#include <vector>

#include <fmt/format.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socket_address.hpp"

namespace godwit::net {
namespace {

std::string cannot(const base::Endpoint& endpoint) {
  return fmt::format("cannot listen on {}", base::to_string(endpoint));
}

FileDescriptor unix_socket() {
  return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

enum class Found { nothing, stale };

// Whether a dead daemon's file lies at the path.  A daemon that only is too busy to answer (EAGAIN: its backlog is
// full) lives.
base::Result<Found> look(const base::Endpoint& endpoint) {
  struct stat status {};
  const std::string& path = endpoint.unix_path;
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return Found::nothing;
    return base::fail_os(cannot(endpoint), errno);
  }
  if (!S_ISSOCK(status.st_mode))
    return base::fail(base::ErrorKind::refused, cannot(endpoint) + ": the file exists and is no socket");
  const auto address = to_socket_address(endpoint);
  const FileDescriptor socket = unix_socket();
  if (!socket) return base::fail_os(cannot(endpoint), errno);
  if (::connect(socket.get(), address->get(), address->length) == 0 || errno == EAGAIN)
    return base::fail(base::ErrorKind::refused, cannot(endpoint) + ": already in use by another program", EADDRINUSE);
  if (errno == ECONNREFUSED) return Found::stale;
  return base::fail_os(cannot(endpoint), errno);
}

base::Result<gid_t> group_of(const std::string& name) {
  std::vector<char> buffer(16U << 10U);
  group entry{};
  group* found = nullptr;
  const int code = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (code != 0) return base::fail_os(fmt::format("group {}", name), code);
  if (found == nullptr) return base::fail(base::ErrorKind::not_found, fmt::format("there is no group {}", name));
  return entry.gr_gid;
}

base::Result<> path_fits(const base::Endpoint& endpoint) {
  if (to_socket_address(endpoint)) return {};
  return base::fail(base::ErrorKind::invalid, cannot(endpoint) + ": the path is longer than 107 bytes");
}

}  // namespace

base::Result<> check_unix(const base::Endpoint& endpoint) {
  if (auto fits = path_fits(endpoint); !fits) return fits;
  auto found = look(endpoint);
  if (!found) return std::unexpected(std::move(found.error()));
  const auto slash = endpoint.unix_path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : endpoint.unix_path.substr(0, slash + 1);
  if (::access(directory.c_str(), W_OK | X_OK) != 0)
    return base::fail_os(fmt::format("{}: {}", cannot(endpoint), directory), errno);
  return {};
}

base::Result<FileDescriptor> bind_unix(const base::Endpoint& endpoint, const BindOptions& options) {
  if (auto fits = path_fits(endpoint); !fits) return std::unexpected(std::move(fits.error()));
  auto found = look(endpoint);
  if (!found) return std::unexpected(std::move(found.error()));
  const std::string& path = endpoint.unix_path;
  if (*found == Found::stale && ::unlink(path.c_str()) != 0) return base::fail_os(cannot(endpoint), errno);

  auto socket = unix_socket();
  if (!socket) return base::fail_os(cannot(endpoint), errno);
  const auto address = to_socket_address(endpoint);
  // Nobody else until group and mode are right.  The mask is the process's: this runs before there are threads.
  const mode_t mask = ::umask(0177);
  const int bound = ::bind(socket.get(), address->get(), address->length);
  const int code = errno;
  ::umask(mask);
  if (bound != 0) return base::fail_os(cannot(endpoint), code);
  if (!options.unix_group.empty()) {
    auto group = group_of(options.unix_group);
    if (!group) return std::unexpected(std::move(group.error()));
    if (::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0)
      return base::fail_os(fmt::format("{}: group {}", cannot(endpoint), options.unix_group), errno);
  }
  if (::chmod(path.c_str(), options.unix_mode) != 0) return base::fail_os(cannot(endpoint), errno);
  if (::listen(socket.get(), options.backlog) != 0) return base::fail_os(cannot(endpoint), errno);
  return socket;
}

}  // namespace godwit::net
