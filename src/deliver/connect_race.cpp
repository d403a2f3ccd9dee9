// SPDX-License-Identifier: Apache-2.0
#include "connect_race.hpp"

#include <utility>

namespace godwit::deliver {

ConnectRace::ConnectRace(net::Network& network, net::Deadlines& deadlines, net::Canceller& stopping,
                         const boost::asio::any_io_executor& executor, Tell tell)
    : network_(network),
      stopping_(stopping),
      news_(executor, deadlines),
      tasks_(executor, deadlines, [this](const std::exception_ptr&) { ended(); }),
      tell_(std::move(tell)) {}

void ConnectRace::ended() {
  --running_;
  news_.notify();
}

boost::asio::awaitable<void> ConnectRace::connect(std::size_t number, Runner runner, base::Duration patience) {
  net::ConnectOptions options;
  options.source = runner.source;
  options.deadline = network_.now() + patience;
  options.canceller = &tasks_.canceller();
  tell_(number, nullptr);
  auto stream = co_await network_.connect(runner.remote, options);
  if (!stream) {
    if (stream.error().kind != base::ErrorKind::cancelled) {
      tell_(number, &stream.error());
      result_.failures.push_back({.runner = number, .error = std::move(stream.error())});
    }
  } else if (!result_.stream) {
    result_.stream = std::move(*stream);
    result_.winner = number;
  }
  ended();
}

boost::asio::awaitable<RaceResult> ConnectRace::run(std::vector<Runner> runners, base::Duration head_start,
                                                    base::Duration patience) {
  const net::Canceller::Hook when_stopping(&stopping_, [this] { tasks_.cancel(); });
  std::size_t next = 0;
  while (!result_.stream && !tasks_.closed() && (running_ > 0 || next < runners.size())) {
    if (next < runners.size()) {
      ++running_;
      auto running = connect(next, runners[next], patience);
      tasks_.spawn(std::move(running));
      ++next;
    }
    const bool waits_for_all = head_start == base::Duration::zero() || next == runners.size();
    // The time that is over, and news of one that failed, send the next one.
    const auto heard = co_await news_.wait(waits_for_all ? base::no_deadline : network_.now() + head_start);
    if (!heard && heard.error().kind == base::ErrorKind::cancelled) break;
  }
  tasks_.cancel();
  // Those that lost end at once; whoever has connected meanwhile hangs up.
  const auto ended = co_await tasks_.wait_empty(base::no_deadline);
  if (!ended) result_.stream.reset();
  co_return std::move(result_);
}

}  // namespace godwit::deliver
