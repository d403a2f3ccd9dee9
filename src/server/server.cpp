// SPDX-License-Identifier: Apache-2.0
#include "godwit/server/server.hpp"

#include <list>
#include <utility>

#include "connection.hpp"
#include "godwit/base/exception_text.hpp"
#include "godwit/net/task_group.hpp"

namespace godwit::server {
namespace {

constexpr base::Duration out_of_descriptors_pause = std::chrono::milliseconds(100);
constexpr base::Duration cancelled_time = std::chrono::seconds(5);  // for what was cancelled to end

}  // namespace

class Server::Implementation {
 public:
  Implementation(std::shared_ptr<const Rules> rules, Surroundings surroundings)
      : rules_(std::move(rules)),
        around_(std::move(surroundings)),
        acceptors_(around_.executor, around_.deadlines, [this](const auto& thrown) { note(thrown); }),
        connections_(around_.executor, around_.deadlines, [this](const auto& thrown) { note(thrown); }) {}

  void listen(std::unique_ptr<net::Listener> listener, ListenerSettings settings) {
    listeners_.push_back({.listener = std::move(listener), .settings = std::move(settings)});
    acceptors_.spawn(accept(listeners_.back()));
  }

  void reload(std::shared_ptr<const Rules> rules) { rules_ = std::move(rules); }
  boost::asio::awaitable<void> stop(base::MonoTime deadline);
  std::size_t connections() const { return connections_.size(); }

 private:
  struct Listening {
    std::unique_ptr<net::Listener> listener;
    ListenerSettings settings;
  };
  // A connection from its beginning to its end, and how it hears of the server's.
  struct Served {
    Served(Implementation& server, std::unique_ptr<net::Stream> stream, const ListenerSettings& settings)
        : connection(std::move(stream), server.rules_, settings, server.around_),
          when_stopping(&server.gently_, [this] { connection.stop_gently(); }),
          when_cancelled(&server.connections_.canceller(), [this] { connection.cancel(); }) {}

    Connection connection;
    // What the kernel had accepted before the listener closed is answered 421, not dropped: the hook runs at once then.
    const net::Canceller::Hook when_stopping;
    const net::Canceller::Hook when_cancelled;
  };

  boost::asio::awaitable<void> accept(Listening& listening);
  boost::asio::awaitable<void> serve(std::unique_ptr<net::Stream> stream, const ListenerSettings& settings);
  boost::asio::awaitable<void> go_on(std::unique_ptr<Served> served);
  void park(std::unique_ptr<Served> served);
  void note(const std::exception_ptr& thrown) {
    around_.log.error("connection_failed", {{"reason", base::exception_text(thrown)}});
  }

  std::shared_ptr<const Rules> rules_;
  Surroundings around_;
  std::list<Listening> listeners_;  // their connections refer to them
  net::Canceller gently_;           // its hooks ask the connections to stop when they may
  net::TaskGroup acceptors_;
  net::TaskGroup connections_;
};

boost::asio::awaitable<void> Server::Implementation::accept(Listening& listening) {
  for (;;) {
    auto stream = co_await listening.listener->accept();
    if (stream) {
      connections_.spawn(serve(std::move(*stream), listening.settings));
    } else if (stream.error().kind == base::ErrorKind::cancelled) {
      co_return;
    } else {
      around_.log.error("accept_failed", {{"listener", base::to_string(listening.listener->local())},
                                          {"reason", stream.error().message}});
      auto paused = co_await around_.network.sleep_until(around_.network.now() + out_of_descriptors_pause);
      if (!paused) co_return;
    }
  }
}

boost::asio::awaitable<void> Server::Implementation::serve(std::unique_ptr<net::Stream> stream,
                                                           const ListenerSettings& settings) {
  auto served = std::make_unique<Served>(*this, std::move(stream), settings);
  auto going_on = go_on(std::move(served));
  co_await std::move(going_on);
}

boost::asio::awaitable<void> Server::Implementation::go_on(std::unique_ptr<Served> served) {
  co_await served->connection.run();
  if (served->connection.is_parked()) park(std::move(served));
}

// The task ends, and with it all the coroutines of the connection, which wait in no memory; another one goes on.
void Server::Implementation::park(std::unique_ptr<Served> served) {
  auto& connection = served->connection;
  connection.park([this, served = std::move(served)]() mutable { connections_.resume(go_on(std::move(served))); });
  connections_.park();
}

boost::asio::awaitable<void> Server::Implementation::stop(base::MonoTime deadline) {
  for (auto& each : listeners_) each.listener->close();
  gently_.cancel();
  // The acceptors end first: what they still find in the kernel's queue becomes a connection.
  auto drained = co_await acceptors_.wait_empty(deadline);
  auto finished = co_await connections_.wait_empty(deadline);
  acceptors_.cancel();
  connections_.cancel();
  if (drained && finished) co_return;
  auto cancelled = co_await connections_.wait_empty(around_.network.now() + cancelled_time);
  if (!cancelled) around_.log.warn("connections_abandoned", {{"count", connections_.size()}});
}

Server::Server(std::shared_ptr<const Rules> rules, Surroundings surroundings)
    : implementation_(std::make_unique<Implementation>(std::move(rules), std::move(surroundings))) {}
Server::~Server() = default;

void Server::listen(std::unique_ptr<net::Listener> listener, ListenerSettings settings) {
  implementation_->listen(std::move(listener), std::move(settings));
}
void Server::reload(std::shared_ptr<const Rules> rules) {
  implementation_->reload(std::move(rules));
}
boost::asio::awaitable<void> Server::stop(base::MonoTime deadline) {
  return implementation_->stop(deadline);
}
std::size_t Server::connections() const {
  return implementation_->connections();
}

}  // namespace godwit::server
