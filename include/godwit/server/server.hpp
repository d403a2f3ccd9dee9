// SPDX-License-Identifier: Apache-2.0
// The receiving side of one reactor: its listeners, and the connections they accepted.  Everything runs on that
// reactor.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/auth/local_users.hpp"
#include "godwit/auth/lockouts.hpp"
#include "godwit/auth/verifier.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/histogram.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/client_authorities.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/listener.hpp"
#include "godwit/net/tls.hpp"
#include "godwit/policy/account_breaker.hpp"
#include "godwit/policy/acquaintances.hpp"
#include "godwit/policy/check.hpp"
#include "godwit/policy/connection_limits.hpp"
#include "godwit/policy/limits.hpp"
#include "godwit/policy/message_signing.hpp"
#include "godwit/policy/milter_connections.hpp"
#include "godwit/policy/relay.hpp"
#include "godwit/policy/sender_authentication.hpp"
#include "godwit/policy/settings.hpp"
#include "godwit/policy/suppression.hpp"
#include "godwit/policy/tarpit.hpp"
#include "godwit/route/canonical.hpp"
#include "godwit/route/router.hpp"
#include "godwit/server/settings.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::server {

// By the names that the configuration lists; what is not there has no checks.
using CheckLists = std::map<std::vector<std::string>, std::shared_ptr<const policy::CheckList>>;

// What a reload replaces as a whole; a connection keeps the one it began with.
struct Rules {
  Settings settings;
  policy::Settings policy;
  mailauth::Settings verification = {};
  std::shared_ptr<const route::Router> router;
  std::shared_ptr<const net::TlsServerContext> tls;  // null: no TLS
  // By their file, of all listeners that ask clients for certificates.
  std::map<std::string, std::shared_ptr<const net::ClientAuthorities>> client_authorities = {};
  policy::MaySendAs may_send_as;
  std::shared_ptr<const mailauth::Signers> signers = {};  // null: nothing is signed
  CheckLists checks = {};
  std::shared_ptr<policy::Limits> limits = {};             // null: there are none
  std::shared_ptr<const route::Canonical> canonical = {};  // null: addresses stay
  state::DmarcCounts* dmarc_counts = nullptr;              // null: nobody is told of mail in his name
};

struct Surroundings {
  boost::asio::any_io_executor executor;
  net::Deadlines& deadlines;
  net::Network& network;
  std::span<char> scratch;  // the reactor's read buffer
  spool::Spool& spool;
  auth::Verifier* verifier = nullptr;  // null: no accounts
  auth::Lockouts* lockouts = nullptr;  // there where the verifier is
  auth::LocalUsers* users = nullptr;   // null: no listener of service local
  policy::ConnectionLimits& limits;
  policy::Acquaintances& acquaintances;
  policy::Tarpit& tarpit;
  policy::AccountBreaker& breaker;
  const state::Suppressions* suppressions = nullptr;           // null: there is no such list
  dns::Resolver* resolver = nullptr;                           // null: nobody's mail is verified
  policy::MilterConnections* milters = nullptr;                // null: no milter is asked
  const policy::CheckSurroundings* checks = nullptr;           // null: nothing is checked
  std::function<void(const std::string& domain)> start_queue;  // what waits for a domain is tried now; any thread
  base::Histogram* accept_time = nullptr;  // of messages, from the final dot to 250; null: nobody asks
  const base::Clock& clock;
  log::Logger& log;
};

class Server {
 public:
  Server(std::shared_ptr<const Rules> rules, Surroundings surroundings);
  ~Server();

  // Accepts until stop().
  void listen(std::unique_ptr<net::Listener> listener, ListenerSettings settings);
  void reload(std::shared_ptr<const Rules> rules);
  // Stops accepting, says 421 to idle clients, lets messages under way finish until the deadline, then cancels.
  boost::asio::awaitable<void> stop(base::MonoTime deadline);
  std::size_t connections() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace godwit::server
