// SPDX-License-Identifier: Apache-2.0
#include "godwit/server/server.hpp"

#include <list>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "connection.hpp"

namespace godwit::server {
namespace {

constexpr base::Duration out_of_descriptors_pause = std::chrono::milliseconds(100);
constexpr base::Duration stop_step = std::chrono::milliseconds(20);

void rethrow(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

class Server::Implementation {
 public:
  Implementation(std::shared_ptr<const Rules> rules, Surroundings surroundings)
      : rules_(std::move(rules)), around_(surroundings) {}

  void listen(std::unique_ptr<net::Listener> listener, ListenerSettings settings) {
    listeners_.push_back(std::move(listener));
    ++accepting_;
    boost::asio::co_spawn(around_.executor, accept(*listeners_.back(), std::move(settings)), rethrow);
  }

  void reload(std::shared_ptr<const Rules> rules) { rules_ = std::move(rules); }
  boost::asio::awaitable<void> stop(base::MonoTime deadline);
  std::size_t connections() const { return open_.size(); }

 private:
  boost::asio::awaitable<void> accept(net::Listener& listener, ListenerSettings settings);
  boost::asio::awaitable<void> serve(std::unique_ptr<net::Stream> stream, ListenerSettings settings);
  boost::asio::awaitable<void> wait_until_idle(base::MonoTime deadline);

  std::shared_ptr<const Rules> rules_;
  Surroundings around_;
  std::list<std::unique_ptr<net::Listener>> listeners_;
  std::list<Connection*> open_;
  std::size_t accepting_ = 0;
  bool stopping_ = false;
};

boost::asio::awaitable<void> Server::Implementation::accept(net::Listener& listener, ListenerSettings settings) {
  for (;;) {
    auto stream = co_await listener.accept();
    if (stream) {
      boost::asio::co_spawn(around_.executor, serve(std::move(*stream), settings), rethrow);
    } else if (stream.error().kind == base::ErrorKind::cancelled) {
      break;
    } else {
      around_.log.error("accept_failed",
                        {{"listener", base::to_string(listener.local())}, {"reason", stream.error().message}});
      auto paused = co_await around_.network.sleep_until(around_.network.now() + out_of_descriptors_pause);
      if (!paused) break;
    }
  }
  --accepting_;
}

boost::asio::awaitable<void> Server::Implementation::serve(std::unique_ptr<net::Stream> stream,
                                                           ListenerSettings settings) {
  Connection connection(std::move(stream), rules_, std::move(settings), around_);
  const auto place = open_.insert(open_.end(), &connection);
  // What the kernel had accepted before the listener closed is answered 421, not dropped.
  if (stopping_) connection.stop_gently();
  co_await connection.run();
  open_.erase(place);
}

boost::asio::awaitable<void> Server::Implementation::stop(base::MonoTime deadline) {
  stopping_ = true;
  for (auto& listener : listeners_) listener->close();
  for (auto* connection : open_) connection->stop_gently();
  co_await wait_until_idle(deadline);
  for (auto* connection : open_) connection->cancel();
  co_await wait_until_idle(around_.network.now() + std::chrono::seconds(5));
}

boost::asio::awaitable<void> Server::Implementation::wait_until_idle(base::MonoTime deadline) {
  while ((!open_.empty() || accepting_ > 0) && around_.network.now() < deadline) {
    auto slept = co_await around_.network.sleep_until(around_.network.now() + stop_step);
    if (!slept) co_return;
  }
}

Server::Server(std::shared_ptr<const Rules> rules, Surroundings surroundings)
    : implementation_(std::make_unique<Implementation>(std::move(rules), surroundings)) {}
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
