// SPDX-License-Identifier: Apache-2.0
#include "socket_address.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include <netinet/in.h>
#include <sys/un.h>

namespace godwit::net {
namespace {

// sockaddr_storage may be read and written as the type of its family; copying keeps clear of aliasing.
template <class T>
SocketAddress store(const T& address, std::size_t length = sizeof(T)) {
  SocketAddress result;
  std::memcpy(&result.storage, &address, sizeof(T));
  result.length = static_cast<socklen_t>(length);
  return result;
}

template <class T>
T load(const SocketAddress& address) {
  T result{};
  std::memcpy(&result, &address.storage, std::min(sizeof(T), std::size_t{address.length}));
  return result;
}

}  // namespace

std::optional<SocketAddress> to_socket_address(const base::Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (endpoint.unix_path.size() >= sizeof(address.sun_path)) return {};
    std::ranges::copy(endpoint.unix_path, address.sun_path);
    return store(address, offsetof(sockaddr_un, sun_path) + endpoint.unix_path.size() + 1);
  }
  const auto bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, bytes.data(), bytes.size());
    return store(address);
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(endpoint.port);
  std::memcpy(&address.sin6_addr, bytes.data(), bytes.size());
  return store(address);
}

base::Endpoint to_endpoint(const SocketAddress& address) {
  base::Endpoint result;
  if (address.family() == AF_INET) {
    const auto in = load<sockaddr_in>(address);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    result.address = base::IpAddress::v4(bytes);
    result.port = ntohs(in.sin_port);
  } else if (address.family() == AF_INET6) {
    const auto in = load<sockaddr_in6>(address);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    result.address = base::IpAddress::v6(bytes);
    result.port = ntohs(in.sin6_port);
  } else if (address.family() == AF_UNIX) {
    const auto un = load<sockaddr_un>(address);
    result.unix_path.assign(un.sun_path, ::strnlen(un.sun_path, sizeof(un.sun_path)));
  }
  return result;
}

base::Endpoint local_endpoint(int socket) {
  SocketAddress address;
  if (::getsockname(socket, address.get(), &address.length) != 0) return {};
  return to_endpoint(address);
}

base::Endpoint peer_endpoint(int socket) {
  SocketAddress address;
  if (::getpeername(socket, address.get(), &address.length) != 0) return {};
  auto peer = to_endpoint(address);
  // A client of a Unix socket has no name of its own; it is known by the door it came through.
  if (address.family() == AF_UNIX && peer.unix_path.empty()) peer.unix_path = local_endpoint(socket).unix_path;
  if (address.family() == AF_UNIX && peer.unix_path.empty()) peer.unix_path = "(unnamed)";
  return peer;
}

}  // namespace godwit::net
