// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/interfaces.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include "socket_address.hpp"

namespace godwit::net {
namespace {

bool is_link_local(const sockaddr& address) {
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 in{};
  std::memcpy(&in, &address, sizeof(in));
  return IN6_IS_ADDR_LINKLOCAL(&in.sin6_addr) != 0;
}

base::IpAddress address_of(const sockaddr& address) {
  SocketAddress copy;
  copy.length = address.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::memcpy(&copy.storage, &address, copy.length);
  return to_endpoint(copy).address;
}

}  // namespace

base::Result<std::vector<base::IpAddress>> SystemInterfaces::addresses() const {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return base::fail_os("the addresses of the network interfaces", errno);
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
  std::vector<base::IpAddress> found;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    const auto* address = one->ifa_addr;
    if (address == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6) continue;
    if (is_link_local(*address)) continue;
    const auto ip = address_of(*address);
    if (std::ranges::find(found, ip) == found.end()) found.push_back(ip);
  }
  return found;
}

}  // namespace godwit::net
