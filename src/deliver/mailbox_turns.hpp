// SPDX-License-Identifier: Apache-2.0
// Deliveries into one mailbox take turns: one whose folder hangs (a dead file server, a broken disk) holds one thread
// of the pool, not all.  Whoever has waited too long behind it is told, so that the wait is the queue's and not ours.
// One reactor.
#pragma once

#include <deque>
#include <map>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/net/signal.hpp"

namespace godwit::deliver {

class MailboxTurns {
 public:
  MailboxTurns(boost::asio::any_io_executor executor, net::Deadlines& deadlines)
      : executor_(std::move(executor)), deadlines_(deadlines) {}

  // True: the caller's turn, until it calls done().  False: the delivery under way has lasted longer than `patience`.
  boost::asio::awaitable<bool> take(std::string mailbox);
  void done(const std::string& mailbox);

  static constexpr base::Duration patience = std::chrono::seconds(10);

 private:
  struct Waiter {
    net::Signal called;
    bool granted = false;
  };
  // Until the turn is granted, or nobody waits for it any more.
  class InLine {
   public:
    InLine(std::deque<Waiter*>& waiting, Waiter& waiter) : waiting_(waiting), waiter_(waiter) {
      waiting_.push_back(&waiter_);
    }
    ~InLine() { std::erase(waiting_, &waiter_); }
    InLine(const InLine&) = delete;
    InLine& operator=(const InLine&) = delete;

   private:
    std::deque<Waiter*>& waiting_;
    Waiter& waiter_;
  };
  struct Mailbox {
    base::MonoTime since;  // of the turn under way
    std::deque<Waiter*> waiting;
  };

  boost::asio::any_io_executor executor_;
  net::Deadlines& deadlines_;
  std::map<std::string, Mailbox> mailboxes_;  // those with a delivery under way
};

}  // namespace godwit::deliver
