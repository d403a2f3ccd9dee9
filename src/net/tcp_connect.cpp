// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/tcp_connect.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "godwit/net/blocking_socket.hpp"

namespace godwit::net {
namespace {

base::Result<> finish(int descriptor, const addrinfo& address, base::MonoTime deadline, const base::Clock& clock) {
  if (::connect(descriptor, address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return base::fail_os("connect", errno);
  if (auto ready = wait_ready(descriptor, POLLOUT, deadline, clock); !ready) return ready;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? base::Result<>() : base::fail_os("connect", error);
}

}  // namespace

base::Result<int> tcp_connect(const std::string& host, const std::string& port, base::MonoTime deadline,
                              const base::Clock& clock) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); failed != 0)
    return base::fail(base::ErrorKind::io, host + ": " + ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  base::Result<int> connected = base::fail(base::ErrorKind::io, host + " has no address");
  for (const addrinfo* one = found; one != nullptr && !connected; one = one->ai_next) {
    const int descriptor = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return base::fail_os("socket", errno);
    if (const auto finished = finish(descriptor, *one, deadline, clock))
      return descriptor;
    else
      connected = base::fail(finished.error().kind, host + ": " + finished.error().message);
    ::close(descriptor);
  }
  return connected;
}

}  // namespace godwit::net
