// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/signal.hpp"

#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace godwit::net {

Signal::Signal(const boost::asio::any_io_executor& executor, Deadlines& deadlines)
    : deadline_(
          deadlines, [](void* self) { static_cast<Signal*>(self)->parked_.cancel(); }, this),
      parked_(executor, boost::asio::steady_timer::time_point::max()) {}

Task<> Signal::wait(base::MonoTime deadline) {
  deadline_.arm(deadline);
  while (!notified_ && !cancelled_ && !deadline_.passed()) {
    boost::system::error_code aborted;
    co_await parked_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, aborted));
  }
  deadline_.disarm();
  if (std::exchange(notified_, false)) co_return base::Result<>();
  if (cancelled_) co_return base::fail(base::ErrorKind::cancelled, "cancelled");
  co_return base::fail(base::ErrorKind::timed_out, "timed out");
}

void Signal::notify() {
  notified_ = true;
  parked_.cancel();
}

void Signal::cancel() {
  cancelled_ = true;
  parked_.cancel();
}

}  // namespace godwit::net
