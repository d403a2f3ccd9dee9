// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/kept_connections.hpp"

#include <utility>

namespace godwit::policy {

std::shared_ptr<net::StreamPool> KeptConnections::pool(const std::string& server, std::size_t connections,
                                                       const std::shared_ptr<const net::TlsClientContext>& tls) {
  for (const auto& entry : entries_)
    if (entry.server == server && entry.connections == connections && entry.tls == tls) return entry.pool;
  std::erase_if(entries_, [](const Entry& entry) { return entry.pool.use_count() == 1; });
  auto made = std::make_shared<net::StreamPool>(executor_, deadlines_, net::StreamPool::Limits{.open = connections});
  entries_.push_back({.server = server, .connections = connections, .tls = tls, .pool = made});
  return made;
}

}  // namespace godwit::policy
