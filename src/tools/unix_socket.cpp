// SPDX-License-Identifier: Apache-2.0
#include "unix_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace godwit::tools {
namespace {

bool is_timeout(int code) {
  return code == EAGAIN || code == EWOULDBLOCK;
}

}  // namespace

UnixSocket::UnixSocket(UnixSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

UnixSocket::~UnixSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Result<UnixSocket> UnixSocket::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return base::fail_os(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  // Not blocking at first: who finds the queue of connections full is told so, and does not wait for its end.
  UnixSocket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return base::fail_os("socket", errno);
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (::connect(socket.get(), generic, sizeof address) != 0) return base::fail_os(path, errno);
  ::fcntl(socket.get(), F_SETFL, 0);
  return socket;
}

void UnixSocket::set_patience(std::chrono::seconds patience) {
  const timeval time{.tv_sec = patience.count(), .tv_usec = 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

base::Result<> UnixSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && is_timeout(errno)) return base::fail(base::ErrorKind::timed_out, "what is sent is not taken");
    if (sent < 0) return base::fail_os("sending", errno);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

base::Result<std::size_t> UnixSocket::receive(std::span<char> into) {
  for (;;) {
    const ssize_t got = ::recv(descriptor_, into.data(), into.size(), 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if (is_timeout(errno)) return base::fail(base::ErrorKind::timed_out, "no answer");
    return base::fail_os("reading the answer", errno);
  }
}

}  // namespace godwit::tools
