// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/blocking_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "godwit/net/tcp_connect.hpp"

namespace godwit::net {
namespace {

constexpr std::size_t most_read = 64 * 1024;

}  // namespace

int poll_time(base::MonoTime deadline, const base::Clock& clock) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.mono()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, 60'000));
}

base::Result<> wait_ready(int descriptor, short events, base::MonoTime deadline, const base::Clock& clock) {
  for (;;) {
    pollfd waited{.fd = descriptor, .events = events, .revents = 0};
    const int time = poll_time(deadline, clock);
    const int ready = ::poll(&waited, 1, time);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return base::fail_os("poll", errno);
    if (ready == 0 && clock.mono() >= deadline) return base::fail(base::ErrorKind::timed_out, "no answer in time");
  }
}

BlockingSocket::~BlockingSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

// A local connection is there at once or never: EAGAIN says that too many wait.
base::Result<> BlockingSocket::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return base::fail(base::ErrorKind::invalid, path + " is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor_ < 0) return base::fail_os("socket", errno);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return base::fail_os(path, errno);
  return {};
}

base::Result<> BlockingSocket::connect_tcp(const std::string& host, const std::string& port, base::MonoTime deadline) {
  auto connected = tcp_connect(host, port, deadline, clock_);
  if (!connected) return std::unexpected(connected.error());
  descriptor_ = *connected;
  return {};
}

base::Result<> BlockingSocket::send(std::string_view bytes, base::MonoTime deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (auto ready = wait_ready(descriptor_, POLLOUT, deadline, clock_); !ready) return ready;
    } else if (errno != EINTR) {
      return base::fail(base::ErrorKind::closed, std::string("cannot send: ") + ::strerrordesc_np(errno));
    }
  }
  return {};
}

base::Result<> BlockingSocket::read_more(base::MonoTime deadline) {
  if (read_.size() > most_read) return base::fail(base::ErrorKind::exhausted, "its answer is too long");
  for (;;) {
    std::array<char, 4096> piece{};
    const ssize_t got = ::recv(descriptor_, piece.data(), piece.size(), 0);
    if (got > 0) {
      read_.append(piece.data(), static_cast<std::size_t>(got));
      return {};
    }
    if (got == 0) return base::fail(base::ErrorKind::closed, "it closed the connection");
    if (errno == EAGAIN) {
      if (auto ready = wait_ready(descriptor_, POLLIN, deadline, clock_); !ready) return ready;
    } else if (errno != EINTR) {
      return base::fail(base::ErrorKind::closed, std::string("cannot read: ") + ::strerrordesc_np(errno));
    }
  }
}

base::Result<std::string> BlockingSocket::read_line(base::MonoTime deadline) {
  std::size_t end = 0;
  while ((end = read_.find('\n')) == std::string::npos)
    if (auto more = read_more(deadline); !more) return std::unexpected(more.error());
  std::string line = read_.substr(0, end);
  read_.erase(0, end + 1);
  return line;
}

base::Result<std::string> BlockingSocket::read_exactly(std::size_t size, base::MonoTime deadline) {
  while (read_.size() < size)
    if (auto more = read_more(deadline); !more) return std::unexpected(more.error());
  std::string bytes = read_.substr(0, size);
  read_.erase(0, size);
  return bytes;
}

}  // namespace godwit::net
