// SPDX-License-Identifier: Apache-2.0
// A reactor whose tasks the test runs itself, and connections over the loopback.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <sys/socket.h>

#include "godwit/net/listener.hpp"
#include "godwit/net/reactor.hpp"
#include "support/run_on.hpp"

namespace godwit::net {

inline const base::Endpoint loopback{.address = base::IpAddress::v4({127, 0, 0, 1}), .port = 0, .unix_path = {}};

class Loopback : public ::testing::Test {
 protected:
  template <class... T>
  auto run(boost::asio::awaitable<T>... tasks) {
    return testing::run_together(reactor.context(), std::move(tasks)...);
  }
  base::MonoTime in(base::Duration wait) const { return clock.mono() + wait; }

  std::unique_ptr<Listener> listen(const base::Endpoint& endpoint = loopback, const BindOptions& options = {}) {
    auto sockets = bind_listeners(endpoint, 1, options);
    EXPECT_TRUE(sockets.has_value()) << sockets.error().message;
    return make_listener(reactor, std::move(sockets->front()));
  }

  struct Pair {
    std::unique_ptr<Stream> server;
    std::unique_ptr<Stream> client;
  };
  Pair connect_to(Listener& listener, ConnectOptions options = {}) {
    auto [server, client] = run(listener.accept(), reactor.network().connect(listener.local(), options));
    EXPECT_TRUE(server.has_value());
    EXPECT_TRUE(client.has_value()) << client.error().message;
    return {std::move(*server), std::move(*client)};
  }
  Pair connect() {
    const auto listener = listen();
    return connect_to(*listener);
  }

  base::SystemClock clock;
  Reactor reactor{clock};
};

}  // namespace godwit::net
