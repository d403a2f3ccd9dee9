// SPDX-License-Identifier: Apache-2.0
// The connections of one reactor to the services that checks ask: a pool for each server.  A pool of a server that is
// asked no more goes when the next one is made.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "godwit/net/deadline.hpp"
#include "godwit/net/stream_pool.hpp"
#include "godwit/net/tls.hpp"

namespace godwit::policy {

class KeptConnections {
 public:
  // Both outlive it and its pools.
  KeptConnections(boost::asio::any_io_executor executor, net::Deadlines& deadlines)
      : executor_(std::move(executor)), deadlines_(deadlines) {}

  // server: whatever tells it from others.  tls: whose certificates its connections have trusted; null: none.
  std::shared_ptr<net::StreamPool> pool(const std::string& server, std::size_t connections,
                                        const std::shared_ptr<const net::TlsClientContext>& tls = nullptr);

 private:
  struct Entry {
    std::string server;
    std::size_t connections = 0;
    std::shared_ptr<const net::TlsClientContext> tls;
    std::shared_ptr<net::StreamPool> pool;
  };
  boost::asio::any_io_executor executor_;
  net::Deadlines& deadlines_;
  std::vector<Entry> entries_;
};

}  // namespace godwit::policy
