// SPDX-License-Identifier: Apache-2.0
// Who logs in: asks the stores in their order, compares off the reactor.  Unknown user, wrong password, locked account:
// the same answer at the same cost, so that nobody can find out which accounts exist.  Callable from any reactor;
// resumes there.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/auth/accounts.hpp"
#include "godwit/auth/exchange.hpp"
#include "godwit/auth/introspection.hpp"
#include "godwit/auth/store.hpp"
#include "godwit/base/random.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/worker_pool.hpp"

namespace godwit::auth {

class Verifier {
 public:
  // All outlive the verifier and its calls.  `accounts` is only for decoys: what names that nobody has are compared
  // with.
  struct Parts {
    const Accounts& accounts;
    const Stores& stores;
    net::BoundedPool& pool;
    base::Random& random;
    log::Logger& log;
  };
  // `origin` completes a user name without a domain.
  Verifier(const Parts& parts, std::string origin);

  // The key of the salts that SCRAM shows for names that nobody has, and of the marks of wrong passwords.  To be set
  // before the first login; where it changes, as it would at each start, names that nobody has can be told from others.
  void use_decoy_secret(std::string secret) { decoy_secret_ = std::move(secret); }

  // The name under which the stores are asked about a user.
  std::string name_of(std::string_view user) const;

  // Who vouches for bearer tokens from now on; null: nobody.  Any thread.
  void use_introspection(std::shared_ptr<Introspection> introspection) { introspection_ = std::move(introspection); }

  // Whether there is any store, for PLAIN and LOGIN.
  bool offers_passwords() const { return !parts_.stores.list()->empty(); }
  // Whether every store can serve SCRAM now.
  bool offers_scram() const;
  bool offers_bearer() const { return introspection_.load() != nullptr; }

  // `peer.gone` is asked on the pool before the work begins: a flood of logins that do not wait for their answers costs
  // no hashing.
  boost::asio::awaitable<AuthOutcome> verify(std::string user, std::string password, Peer peer);
  // Of whoever has shown by other means (a certificate) that it goes by one of these names: the first that is an
  // account, which a lock keeps out.
  boost::asio::awaitable<AuthOutcome> recognize(std::vector<std::string> names, Peer peer);
  // One of SCRAM-SHA-256[-PLUS], OAUTHBEARER and XOAUTH2; null: no such mechanism.  The verifier outlives the exchange.
  std::unique_ptr<Exchange> begin(std::string_view mechanism, Peer peer, const smtp::ChannelBindings& bindings);

 private:
  class ScramExchange;
  class BearerExchange;
  // The first store that has the name; unknown: none has.
  boost::asio::awaitable<Answer> find(std::shared_ptr<const Login> login);
  boost::asio::awaitable<AuthOutcome> compare(std::shared_ptr<const Login> login, Answer found);
  smtp::ScramKeys decoy_keys(const std::string& name) const;
  std::uint64_t mark_of(const Login& login) const;
  void report_unable(const Answer& found, std::string_view why);

  Parts parts_;
  std::string origin_;
  std::string decoy_secret_;
  std::atomic<std::shared_ptr<Introspection>> introspection_;
};

}  // namespace godwit::auth
