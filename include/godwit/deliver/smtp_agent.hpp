// SPDX-License-Identifier: Apache-2.0
// Delivers over SMTP to the hosts of a hop, or over LMTP to a store.  Hosts and addresses are tried in order; what one
// host refuses for now the next may take (RFC 5321 section 5.1), but once the final dot was sent no other host is tried
// in the same attempt, since both could deliver.  One agent belongs to one reactor.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/deliver/agent.hpp"
#include "godwit/deliver/settings.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/net/tls.hpp"
#include "godwit/route/router.hpp"

namespace godwit::deliver {

class ConnectionCache;
class SmtpConnection;
struct ConnectionKey;

class SmtpAgent {
 public:
  SmtpAgent(Settings settings, net::Network& network, std::shared_ptr<const net::TlsClientContext> tls,
            log::Logger& log, boost::asio::any_io_executor executor);
  ~SmtpAgent();

  // Requires: hop is SmtpHop or LmtpHop.
  boost::asio::awaitable<Outcomes> deliver(Job job, route::Hop hop);
  void change_settings(Settings settings, std::shared_ptr<const net::TlsClientContext> tls);
  // Open connections, also idle ones.
  std::size_t connections() const;
  // Ends idle connections with QUIT; those in use end by themselves.
  void stop();

 private:
  class Attempt;
  void keep(const ConnectionKey& key, std::unique_ptr<SmtpConnection> connection, std::size_t most_messages);
  void retire(std::unique_ptr<SmtpConnection> connection);
  boost::asio::awaitable<void> sweep();

  Settings settings_;
  net::Network& network_;
  std::shared_ptr<const net::TlsClientContext> tls_;
  log::Logger& log_;
  boost::asio::any_io_executor executor_;
  std::unique_ptr<ConnectionCache> cache_;
  std::size_t in_use_ = 0;
  bool sweeping_ = false;
  bool stopping_ = false;
};

}  // namespace godwit::deliver
