// SPDX-License-Identifier: Apache-2.0
// Carries out what the breaker says of accounts (policy/account_breaker.hpp): the waiting mail of an account that is
// stopped is held, the postmaster gets a message, and what the breaker knows survives a restart.  Also the
// administrator's two ways out.  Home reactor.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/dispatch/dispatcher.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/policy/account_breaker.hpp"
#include "godwit/route/router.hpp"
#include "godwit/spool/spool.hpp"
#include "godwit/state/small_file.hpp"

namespace godwit::dispatch {

class AccountGuard {
 public:
  // All outlive the guard.
  struct Parts {
    boost::asio::any_io_executor home;
    net::Deadlines& deadlines;
    policy::AccountBreaker& breaker;
    Dispatcher& dispatcher;
    spool::Spool& spool;
    state::SmallFile& file;
    std::function<std::shared_ptr<const route::Router>()> router;
    std::function<std::shared_ptr<const mailauth::Signers>()> signers;  // may give null: notices are not signed
    std::string hostname;
    const base::Clock& clock;
    log::Logger& log;
  };
  explicit AccountGuard(Parts parts);

  // Reads what was remembered; what the breaker stops from now on is acted upon.  Before mail is taken.
  boost::asio::awaitable<void> recall();
  // Acts until stop().  After the queue has started.
  boost::asio::awaitable<void> run();
  // Remembers, and ends run().
  boost::asio::awaitable<void> stop();

  // Lets the account send again, and what is held of it go; all that is held, whoever held it.  Gives how many
  // messages.  Errors: not_found (it is not stopped), those of the spool.
  boost::asio::awaitable<base::Result<std::size_t>> release(std::string account);
  // Throws the account's waiting mail away; it stays stopped.  Nobody is told.
  boost::asio::awaitable<base::Result<std::size_t>> purge(std::string account);

 private:
  using Ids = std::vector<base::MessageId>;
  // The waiting mail of an account, but for what was `seen` (in order; what is looked at now is added).
  boost::asio::awaitable<base::Result<Ids>> mail_of(std::string account, std::shared_ptr<Ids> seen);
  boost::asio::awaitable<void> hold_mail(std::string account);
  boost::asio::awaitable<void> tell(policy::StoppedAccount account);
  boost::asio::awaitable<void> act();
  boost::asio::awaitable<void> remember();

  Parts parts_;
  net::Signal woken_;
  net::Signal ended_;
  bool running_ = false;
  std::vector<policy::StoppedAccount> news_;
  std::vector<std::string> hold_again_;  // what was on its way into the spool when they were stopped
  std::uint64_t remembered_ = 0;         // changes of the breaker
};

}  // namespace godwit::dispatch
