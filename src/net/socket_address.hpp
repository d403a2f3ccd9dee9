// SPDX-License-Identifier: Apache-2.0
// Endpoints as the kernel wants them.
#pragma once

#include <optional>

#include <sys/socket.h>

#include "godwit/base/ip_address.hpp"

namespace godwit::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

// Empty: the path of a Unix socket is too long.
std::optional<SocketAddress> to_socket_address(const base::Endpoint& endpoint);
// An unnamed Unix socket gives an empty Endpoint.
base::Endpoint to_endpoint(const SocketAddress& address);

base::Endpoint local_endpoint(int socket);
base::Endpoint peer_endpoint(int socket);

}  // namespace godwit::net
