// SPDX-License-Identifier: Apache-2.0
// HTTP+JSON over whatever stream it is given; daemon/ accepts on the Unix socket and spawns serve() for each
// connection.  One reactor.  docs: src/control/README.md lists the resources; try  curl --unix-socket
// /run/godwit/control.sock http://x/v1/status
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/token_bucket.hpp"
#include "godwit/control/backend.hpp"
#include "godwit/control/tokens.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/net/tls.hpp"

namespace godwit::control {

struct Received;
struct Request;
struct Response;

// What stands before a server.
struct Guard {
  std::shared_ptr<const Tokens> tokens;              // null: only programs of this machine, of these, may ask
  uid_t user = 0;                                    // and root
  gid_t group = 0;                                   // whoever is a member
  std::shared_ptr<const net::TlsServerContext> tls;  // null: no TLS, or no certificate yet
  bool needs_tls = false;                            // nobody is served without
  bool console = false;                              // the web console is served, to who asks
};

class Server {
 public:
  // All outlive the server, and the server outlives its connections.
  Server(Backend& backend, const base::Clock& clock, log::Logger& log) : backend_(backend), clock_(clock), log_(log) {}
  // For connections and requests that begin from now on.
  void guard(Guard guard) { guard_ = std::move(guard); }
  // Answers requests until the peer closes, is idle for too long, or sends what is no HTTP.  When there are too many
  // connections, the one that is idle for longest makes room; a new one is answered 503 only where none is idle.  Never
  // throws for what a peer does.
  boost::asio::awaitable<void> serve(std::unique_ptr<net::Stream> stream);
  // Ends idle connections now and busy ones after their answer.
  void stop();
  std::size_t connections() const { return connections_.size(); }

 private:
  struct Connection;

  bool make_room();
  boost::asio::awaitable<bool> secure(Connection& connection);
  // Warns, but of what strangers do not more than the log can bear: the next line says how many were passed over.
  void complain(std::string_view event, std::vector<log::Field> fields);
  void complain_of(const Request& request, std::string client, unsigned status);
  bool may_ask_locally(const Connection& connection, Request& request, Response& refusal);
  // Notes in the request who asks and what its token opens.
  bool may_ask(Connection& connection, Request& request, Response& refusal);
  boost::asio::awaitable<void> stream_events(Connection& connection, Response response);
  boost::asio::awaitable<void> serve_requests(Connection& connection);
  boost::asio::awaitable<bool> tell_to_go_on(Connection& connection);
  boost::asio::awaitable<Received> answer(Connection& connection, Response& response);

  Backend& backend_;
  const base::Clock& clock_;
  log::Logger& log_;
  Guard guard_;
  std::list<Connection*> connections_;
  bool stopping_ = false;
  base::TokenBucket complaints_;
  std::uint64_t passed_over_ = 0;  // complaints since the last one that was logged
};

}  // namespace godwit::control
