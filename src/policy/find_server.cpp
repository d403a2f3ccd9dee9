// SPDX-License-Identifier: Apache-2.0
#include "find_server.hpp"

#include <string>

namespace godwit::policy {

net::Task<base::Endpoint> find_server(dns::Resolver& resolver, ServerAddress address) {
  base::Endpoint endpoint{.address = {}, .port = address.port, .unix_path = address.unix_path};
  if (!address.unix_path.empty()) co_return endpoint;
  const auto host = address.host == "localhost" ? std::string("127.0.0.1") : address.host;
  if (const auto parsed = base::IpAddress::parse(host)) {
    endpoint.address = *parsed;
    co_return endpoint;
  }
  for (const auto family : {dns::Family::v4, dns::Family::v6}) {
    auto answer = co_await resolver.addresses(host, family);
    if (answer.records.empty()) continue;
    endpoint.address = answer.records.front();
    co_return endpoint;
  }
  co_return base::fail(base::ErrorKind::not_found, "the address of " + host + " is not found");
}

}  // namespace godwit::policy
