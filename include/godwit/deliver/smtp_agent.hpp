// SPDX-License-Identifier: Apache-2.0
// Delivers over SMTP to the hosts of a hop, or over LMTP to a store.  Hosts and addresses are tried in order; what one
// host refuses for now the next may take (RFC 5321 section 5.1), but once the final dot was sent no other host is tried
// in the same attempt, since both could deliver.  One agent belongs to one reactor.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/deliver/agent.hpp"
#include "godwit/deliver/settings.hpp"
#include "godwit/deliver/tls_session.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/net/task_group.hpp"
#include "godwit/net/tls.hpp"
#include "godwit/net/worker_pool.hpp"
#include "godwit/route/router.hpp"

namespace godwit::deliver {

class ConnectionCache;
class SmtpConnection;
struct ConnectionKey;

class SmtpAgent {
 public:
  SmtpAgent(Settings settings, net::Network& network, net::Deadlines& deadlines,
            std::shared_ptr<const net::TlsClientContext> tls, log::Logger& log,
            const boost::asio::any_io_executor& executor);
  ~SmtpAgent();

  // Requires: hop is SmtpHop or LmtpHop.
  boost::asio::awaitable<Outcomes> deliver(Job job, route::Hop hop);
  // Whether the next hop would take mail from <> to these, which is asked without a message (a callout): delivered, or
  // why not.  What was refused otherwise than in answer to RCPT, or where the hop is no SmtpHop or LmtpHop, says
  // nothing of the recipient.
  boost::asio::awaitable<Outcomes> inquire(std::vector<smtp::Mailbox> recipients, route::Hop hop);
  void change_settings(Settings settings, std::shared_ptr<const net::TlsClientContext> tls);
  // With these it speaks SCRAM to hosts that ask for AUTH; without, PLAIN and LOGIN.  Set before the first deliver(),
  // and outlive this.
  void speak_scram(net::BoundedPool& proofs, base::Random& random) {
    proofs_ = &proofs;
    random_ = &random;
  }
  // Told of each new connection that served or failed, and of each host that its policy forbids.  Set before the first
  // deliver().
  void on_tls_session(OnTlsSession tell) { tell_ = std::move(tell); }
  // Open connections, also idle ones.
  std::size_t connections() const;
  // Ends idle connections with QUIT and keeps none from now on.  What is left at the deadline is cancelled, attempts
  // under way too: they answer as after a lost connection, and their callers await them.
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

 private:
  class Walk;
  void keep(const ConnectionKey& key, const std::string& site, std::unique_ptr<SmtpConnection> connection,
            std::size_t most_messages);
  void retire(std::unique_ptr<SmtpConnection> connection);
  boost::asio::awaitable<void> sweep();
  boost::asio::awaitable<void> quit(std::unique_ptr<SmtpConnection> connection);

  Settings settings_;
  net::Network& network_;
  net::Deadlines& deadlines_;
  const boost::asio::any_io_executor executor_;
  std::shared_ptr<const net::TlsClientContext> tls_;
  log::Logger& log_;
  std::unique_ptr<ConnectionCache> cache_;
  OnTlsSession tell_;
  net::BoundedPool* proofs_ = nullptr;
  base::Random* random_ = nullptr;
  net::TaskGroup tasks_;  // the sweep and the QUITs; its canceller also ends connections in use
  net::Signal sweep_now_;
  std::size_t in_use_ = 0;
  bool sweeping_ = false;
  bool stopping_ = false;
};

}  // namespace godwit::deliver
