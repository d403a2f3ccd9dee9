// SPDX-License-Identifier: Apache-2.0
// One try to get a certificate: drives an Ordering over HTTPS, keeps what it wants kept, answers challenges.  Home
// reactor; what blocks is done on the pool.  Private to acme/.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "godwit/net/http_client.hpp"
#include "godwit/net/reactor.hpp"
#include "ordering.hpp"
#include "responder.hpp"
#include "store.hpp"

namespace godwit::acme {

struct AttemptOutcome {
  bool is_obtained = false;
  bool is_cancelled = false;  // the daemon stops
  std::string why;            // else
  std::optional<base::Duration> retry_after = {};
};

class Attempt {
 public:
  // All outlive it.
  struct Surroundings {
    net::Reactor& reactor;
    dns::Resolver& resolver;
    disk::Disk& disk;
    boost::asio::any_io_executor pool;
    const base::Clock& clock;
    Store& store;
    net::Canceller& canceller;  // ends it
  };
  // `settings` are complete; `trust` says who vouches for the authority's host.
  Attempt(Surroundings around, Settings settings, net::TlsSettings trust);

  boost::asio::awaitable<AttemptOutcome> run();

 private:
  boost::asio::awaitable<base::Result<>> prepare();
  boost::asio::awaitable<base::Result<>> prepare_terms();
  boost::asio::awaitable<base::Result<>> prepare_keys();
  boost::asio::awaitable<AttemptOutcome> converse();
  boost::asio::awaitable<Event> carry_out(Action action);
  boost::asio::awaitable<Event> send(action::Send what);
  std::shared_ptr<net::StreamPool> connection_to(const std::string& place);
  boost::asio::awaitable<Event> pause(action::Wait what);
  boost::asio::awaitable<base::Result<>> keep(const Action& action);
  boost::asio::awaitable<base::Result<>> install(std::string chain);

  Surroundings around_;
  Settings settings_;
  net::TlsSettings trust_settings_;
  net::HttpClient http_;
  std::shared_ptr<net::StreamPool> connection_;  // the last one, kept for the next request
  std::string connected_to_;
  std::unique_ptr<Responder> responder_;
  std::shared_ptr<const net::TlsClientContext> trust_;
  OrderingTerms terms_;
  std::optional<Key> account_key_, private_key_;
};

}  // namespace godwit::acme
