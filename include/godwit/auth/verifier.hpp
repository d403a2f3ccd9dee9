// SPDX-License-Identifier: Apache-2.0
// Checks a user name and password, off the reactor.  Unknown user, wrong password, locked account: the same answer in
// the same time, so that nobody can find out which accounts exist.  Callable from any reactor; resumes there.
#pragma once

#include <functional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "godwit/auth/accounts.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/worker_pool.hpp"

namespace godwit::auth {

struct AuthOutcome {
  enum class Kind {
    accepted,
    rejected,
    unavailable,  // too many waiting: answer 454 4.7.0
    abandoned,    // whoever asked was gone when the turn came
  } kind = Kind::rejected;
  std::string account;  // the canonical name, when accepted
};

class Verifier {
 public:
  // `origin` completes a user name without a domain.  All arguments outlive the verifier and its calls.
  Verifier(const Accounts& accounts, net::BoundedPool& pool, std::string origin, log::Logger& log);
  // The password's memory is wiped when done.  `gone` (empty: nobody can tell) is asked on the pool before the work
  // begins: a flood of logins that do not wait for their answers costs no hashing.
  boost::asio::awaitable<AuthOutcome> verify(std::string user, std::string password, std::function<bool()> gone = {});

 private:
  const Accounts& accounts_;
  net::BoundedPool& pool_;
  std::string origin_;
  log::Logger& log_;
};

}  // namespace godwit::auth
