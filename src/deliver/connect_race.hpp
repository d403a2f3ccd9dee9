// SPDX-License-Identifier: Apache-2.0
// Connects to the first of several addresses of one host that answers: each has a head start over the next one, so that
// a broken path costs moments instead of a whole timeout, and a good one is not raced against (RFC 8305 section 5).
// Lives in the frame of the coroutine that awaits run(); private to deliver/.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/net/task_group.hpp"

namespace godwit::deliver {

struct Runner {
  base::Endpoint remote;
  std::optional<base::IpAddress> source{};
};

struct RaceResult {
  struct Failure {
    std::size_t runner = 0;
    base::Error error;
  };
  std::unique_ptr<net::Stream> stream;  // null: nobody answered
  std::size_t winner = 0;
  std::vector<Failure> failures;  // in the order in which they came; who is in neither was not tried to the end
};

class ConnectRace {
 public:
  // Of each that sets out (null) and fails.
  using Tell = std::function<void(std::size_t runner, const base::Error* failure)>;

  // stopping: ends the race at once.  All references outlive run().
  ConnectRace(net::Network& network, net::Deadlines& deadlines, net::Canceller& stopping,
              const boost::asio::any_io_executor& executor, Tell tell);

  // head_start: zero sends the next one only when the one before has failed.  patience: of each.
  boost::asio::awaitable<RaceResult> run(std::vector<Runner> runners, base::Duration head_start,
                                         base::Duration patience);

 private:
  void ended();
  boost::asio::awaitable<void> connect(std::size_t number, Runner runner, base::Duration patience);

  net::Network& network_;
  net::Canceller& stopping_;
  net::Signal news_;
  net::TaskGroup tasks_;
  Tell tell_;
  RaceResult result_;
  std::size_t running_ = 0;
};

}  // namespace godwit::deliver
