// SPDX-License-Identifier: Apache-2.0
// The name of the host at an address: what reverse DNS says, if that name leads back to the address (RFC 8601 section
// 2.7.3).  Anybody can write any name into his own reverse zone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/ip_address.hpp"
#include "godwit/dns/resolver.hpp"

namespace godwit::policy {

struct ClientName {
  enum class Status : std::uint8_t {
    unknown,    // not looked up
    found,      // `name` leads back to the address
    none,       // the address has no name
    mismatch,   // it says `name`, which does not lead back
    temporary,  // it could not be found out
  };
  Status status = Status::unknown;
  std::string name;  // lower case, no trailing dot

  bool verified() const { return status == Status::found; }
  bool operator==(const ClientName&) const = default;
};
std::string_view to_string(ClientName::Status status);

// The resolver outlives the call.  Of many names the first few are looked at.
boost::asio::awaitable<ClientName> find_client_name(dns::Resolver& resolver, base::IpAddress address);

}  // namespace godwit::policy
