// SPDX-License-Identifier: Apache-2.0
// Binding listening sockets, TCP and inherited; Unix sockets are in bind_unix.cpp.
#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bind_unix.hpp"
#include "godwit/net/listener.hpp"
#include "socket_address.hpp"
#include "socket_option.hpp"

namespace godwit::net {
namespace {

constexpr int free_port_tries = 16;

enum class Sharing { probe, shared };

std::unexpected<base::Error> listen_failure(const base::Endpoint& endpoint, int code) {
  const std::string what = fmt::format("cannot listen on {}", base::to_string(endpoint));
  if (code == EADDRINUSE)
    return base::fail(base::ErrorKind::refused, what + ": address already in use by another program", code);
  if (code == EACCES)
    return base::fail(base::ErrorKind::refused,
                      what + ": permission denied (a port below 1024 needs root or CAP_NET_BIND_SERVICE)", code);
  if (code == EADDRNOTAVAIL)
    return base::fail(base::ErrorKind::io, what + ": this host does not have the address", code);
  if (code == EMFILE || code == ENFILE)
    return base::fail(base::ErrorKind::exhausted, what + ": too many open files (LimitNOFILE=)", code);
  return base::fail_os(what, code);
}

bool is_absent_family(const base::Error& error) {
  return error.os_error == EAFNOSUPPORT || error.os_error == EADDRNOTAVAIL || error.os_error == EPROTONOSUPPORT;
}

// Bound, not yet listening.  A probe does not share the port, so it notices any other listener, also one of our own
// user.
base::Result<FileDescriptor> bind_tcp(const base::Endpoint& endpoint, Sharing sharing) {
  const auto address = to_socket_address(endpoint);
  FileDescriptor socket(::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return listen_failure(endpoint, errno);
  switch_on(socket.get(), SOL_SOCKET, SO_REUSEADDR);  // old connections in TIME_WAIT are no obstacle
  if (address->family() == AF_INET6) switch_on(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (sharing == Sharing::shared) {
    switch_on(socket.get(), SOL_SOCKET, SO_REUSEPORT);
    // Inherited by the accepted sockets: saves two calls a connection.
    switch_on(socket.get(), IPPROTO_TCP, TCP_NODELAY);
    switch_on(socket.get(), SOL_SOCKET, SO_KEEPALIVE);
  }
  if (::bind(socket.get(), address->get(), address->length) != 0) return listen_failure(endpoint, errno);
  return socket;
}

// Does anybody else have the port?  Bound only, not listening: no client may end up in the backlog of a socket about to
// close.
base::Result<> probe(const base::Endpoint& endpoint) {
  auto socket = bind_tcp(endpoint, Sharing::probe);
  if (!socket) return std::unexpected(std::move(socket.error()));
  return {};
}

// One socket for each reactor, all on the port that the first one got.
base::Result<std::vector<BoundSocket>> bind_one_address(base::Endpoint endpoint, std::size_t reactors, int backlog) {
  if (endpoint.port != 0) {
    auto probed = probe(endpoint);
    if (!probed) return std::unexpected(std::move(probed.error()));
  }
  std::vector<BoundSocket> sockets;
  for (std::size_t i = 0; i < reactors; ++i) {
    auto socket = bind_tcp(endpoint, Sharing::shared);
    if (!socket) return std::unexpected(std::move(socket.error()));
    if (endpoint.port == 0) endpoint.port = local_endpoint(socket->get()).port;
    if (::listen(socket->get(), backlog) != 0) return listen_failure(endpoint, errno);
    sockets.push_back({.descriptor = std::move(*socket), .local = endpoint, .reactor = i});
  }
  return sockets;
}

bool is_both_families(const base::Endpoint& endpoint) {
  return endpoint.unix_path.empty() && endpoint.address.is_v6() && endpoint.address.is_unspecified();
}

base::Endpoint any_v4(std::uint16_t port) {
  return {.address = base::IpAddress(), .port = port, .unix_path = {}};
}

// What a predecessor left of one endpoint, by family.
struct Left {
  std::vector<FileDescriptor> v6;
  std::vector<FileDescriptor> v4;
};

Left by_family(std::vector<FileDescriptor> left) {
  Left parted;
  for (auto& socket : left)
    (local_endpoint(socket.get()).address.is_v6() ? parted.v6 : parted.v4).push_back(std::move(socket));
  return parted;
}

base::Result<std::vector<BoundSocket>> adopt_or_bind(std::vector<FileDescriptor> left, const base::Endpoint& endpoint,
                                                     std::size_t reactors, int backlog) {
  if (!left.empty()) return adopt_listeners(std::move(left), reactors);
  return bind_one_address(endpoint, reactors, backlog);
}

base::Result<std::vector<BoundSocket>> bind_both_families(const base::Endpoint& endpoint, std::size_t reactors,
                                                          int backlog, Left left) {
  const bool choose_port = endpoint.port == 0;
  for (int tries = choose_port ? free_port_tries : 1;; --tries) {
    auto v6 = adopt_or_bind(std::move(left.v6), endpoint, reactors, backlog);
    if (!v6 && !is_absent_family(v6.error())) return v6;
    auto v4 = adopt_or_bind(std::move(left.v4), any_v4(v6 ? v6->front().local.port : endpoint.port), reactors, backlog);
    if (!v6) return v4;
    if (v4) {
      for (auto& socket : *v4) v6->push_back(std::move(socket));
      return v6;
    }
    if (is_absent_family(v4.error())) return v6;
    if (tries <= 1 || v4.error().os_error != EADDRINUSE) return v4;
  }
}

// The same socket for every reactor: whoever is free accepts.
base::Result<std::vector<BoundSocket>> share(FileDescriptor socket, const base::Endpoint& local, std::size_t reactors) {
  std::vector<BoundSocket> sockets;
  for (std::size_t i = 1; i < reactors; ++i) {
    FileDescriptor copy(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) return listen_failure(local, errno);
    sockets.push_back({.descriptor = std::move(copy), .local = local, .reactor = i});
  }
  sockets.insert(sockets.begin(), BoundSocket{.descriptor = std::move(socket), .local = local, .reactor = 0});
  return sockets;
}

// Its flags and options become those of a socket that we bind.
base::Result<> prepare_inherited(int socket) {
  int listening = 0;
  int type = 0;
  socklen_t size = sizeof(int);
  if (::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0)
    return base::fail_os(fmt::format("the inherited descriptor {} is no socket", socket), errno);
  if (::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM || listening == 0)
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("the inherited descriptor {} is no listening stream socket", socket));
  const int flags = ::fcntl(socket, F_GETFL);
  if (flags < 0 || ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(socket, F_SETFD, FD_CLOEXEC) != 0)
    return base::fail_os("inherited descriptor", errno);
  if (local_endpoint(socket).unix_path.empty()) {
    switch_on(socket, IPPROTO_TCP, TCP_NODELAY);
    switch_on(socket, SOL_SOCKET, SO_KEEPALIVE);
  }
  return {};
}

}  // namespace

base::Result<std::vector<BoundSocket>> bind_listeners(const base::Endpoint& endpoint, std::size_t reactors,
                                                      const BindOptions& options, std::vector<FileDescriptor> left) {
  if (!endpoint.unix_path.empty()) {
    auto socket = bind_unix(endpoint, options);
    if (!socket) return std::unexpected(std::move(socket.error()));
    return share(std::move(*socket), endpoint, reactors);
  }
  if (is_both_families(endpoint))
    return bind_both_families(endpoint, reactors, options.backlog, by_family(std::move(left)));
  return adopt_or_bind(std::move(left), endpoint, reactors, options.backlog);
}

base::Result<std::vector<BoundSocket>> adopt_listeners(std::vector<FileDescriptor> inherited, std::size_t reactors) {
  for (const auto& socket : inherited)
    if (auto prepared = prepare_inherited(socket.get()); !prepared) return std::unexpected(prepared.error());
  const auto local = local_endpoint(inherited.front().get());
  std::vector<BoundSocket> sockets;
  for (std::size_t i = 0; i < std::max(inherited.size(), reactors); ++i) {
    FileDescriptor copy(::fcntl(inherited[i % inherited.size()].get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) return listen_failure(local, errno);
    sockets.push_back({.descriptor = std::move(copy), .local = local, .reactor = i % reactors, .kept = true});
  }
  return sockets;
}

base::Endpoint bound_address(int socket) {
  return local_endpoint(socket);
}

base::Result<> check_bindable(const base::Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return check_unix(endpoint);
  auto checked = probe(endpoint);
  if (!is_both_families(endpoint)) return checked;
  if (!checked && !is_absent_family(checked.error())) return checked;
  auto checked_v4 = probe(any_v4(endpoint.port));
  if (checked && !checked_v4 && is_absent_family(checked_v4.error())) return checked;
  return checked_v4;
}

}  // namespace godwit::net
