// SPDX-License-Identifier: Apache-2.0
// One coroutine waits, something on the same reactor wakes it: "work came", "all are gone", or the deadline.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "godwit/net/deadline.hpp"
#include "godwit/net/stream.hpp"

namespace godwit::net {

class Signal {
 public:
  Signal(const boost::asio::any_io_executor& executor, Deadlines& deadlines);
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  // Until notify(); a notify() that came before is taken at once, several count as one.  Errors: timed_out, cancelled.
  // At most one waiter.  The signal outlives the wait.
  Task<> wait(base::MonoTime deadline);
  void notify();
  // The wait under way and all later ones end with `cancelled`.
  void cancel();

 private:
  Deadline deadline_;
  boost::asio::steady_timer parked_;  // never expires by itself; owns the waiting coroutine
  bool notified_ = false;
  bool cancelled_ = false;
};

}  // namespace godwit::net
