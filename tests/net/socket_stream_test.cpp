// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/socket_stream.hpp"

#include <array>
#include <cerrno>

#include <unistd.h>

#include "godwit/net/await_callback.hpp"
#include "godwit/net/canceller.hpp"
#include "godwit/net/signal.hpp"
#include "loopback.hpp"
#include "support/test_certificate.hpp"

// GCC 12 sees through the operator new of Asio's frames but not through their delete.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace godwit::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class SocketStreamTest : public Loopback {
 protected:
  static std::size_t fill(Stream& stream) {
    const std::string block(64U << 10U, 'x');
    std::size_t total = 0;
    for (;;) {
      const IoResult result = stream.try_write(block);
      if (result.status != IoResult::Status::ok) return total;
      total += result.bytes;
    }
  }
  static void reset(Stream& stream) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    const int socket = dynamic_cast<SocketStream&>(stream).native_handle();
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }
  // Runs `action` after the tasks spawned before have come to their wait.
  static Task<> then(boost::asio::any_io_executor executor, std::function<void()> action) {
    for (int i = 0; i < 3; ++i) co_await boost::asio::post(executor, boost::asio::use_awaitable);
    action();
    co_return base::Result<>();
  }
  // Until the parked stream calls.
  static Task<> parked(Stream& stream, base::MonoTime deadline) {
    auto park = [&stream, deadline](auto done) {
      stream.park(deadline, [done = std::move(done)]() mutable { done(base::Result<>()); });
    };
    return await_callback<base::Result<>>(park);
  }
  std::array<char, 100> buffer{};
};

TEST_F(SocketStreamTest, ReadGivesWhatThePeerWrote) {
  auto pair = connect();
  auto [got, sent] = run(read_some(*pair.server, buffer, in(10s)), write_all(*pair.client, "hello", in(10s)));
  ASSERT_TRUE(got && sent);
  EXPECT_EQ(std::string_view(buffer.data(), *got), "hello");
  EXPECT_EQ(pair.server->remote(), pair.client->local());
  EXPECT_EQ(pair.server->local(), pair.client->remote());
}

// Two calls of the system are saved for each reply that a peer waits for.
TEST_F(SocketStreamTest, AfterAReadThatTookAllItIsWaited) {
  auto pair = connect();
  pair.client->try_write("hello");
  const auto [first] = run(read_some(*pair.server, std::span(buffer).first(3), in(10s)));
  ASSERT_EQ(*first, 3U);
  EXPECT_FALSE(pair.server->is_drained());
  const auto [second] = run(read_some(*pair.server, buffer, in(10s)));
  ASSERT_EQ(*second, 2U);
  EXPECT_TRUE(pair.server->is_drained());
  EXPECT_EQ(try_read_more(*pair.server, buffer).status, IoResult::Status::would_block);
  pair.client->try_write("again");  // is not missed, though nobody has looked since
  const auto [third] = run(read_some(*pair.server, buffer, in(10s)));
  ASSERT_EQ(*third, 5U);
  EXPECT_EQ(pair.server->try_read(buffer).status, IoResult::Status::would_block);
  EXPECT_FALSE(pair.server->is_drained());
}

TEST_F(SocketStreamTest, AWaitTimesOutAtItsDeadline) {
  auto pair = connect();
  const auto deadline = in(30ms);
  auto [got] = run(read_some(*pair.server, buffer, deadline));
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().kind, base::ErrorKind::timed_out);
  EXPECT_GE(clock.mono(), deadline);
  EXPECT_LT(clock.mono(), deadline + 10s);
}

TEST_F(SocketStreamTest, ADeadlineInThePastTimesOutAtOnce) {
  auto pair = connect();
  auto [got] = run(read_some(*pair.server, buffer, in(-1s)));
  EXPECT_EQ(got.error().kind, base::ErrorKind::timed_out);
}

TEST_F(SocketStreamTest, AfterATimeoutTheStreamStillWorks) {
  auto pair = connect();
  EXPECT_FALSE(std::get<0>(run(read_some(*pair.server, buffer, in(5ms)))).has_value());
  auto [got, sent] = run(read_some(*pair.server, buffer, in(10s)), write_all(*pair.client, "late", in(10s)));
  EXPECT_EQ(got.value(), 4U);
}

TEST_F(SocketStreamTest, TheDeadlineOfAReadLeavesAWaitingWriteAlone) {
  auto pair = connect();
  const std::size_t filled = fill(*pair.client);
  const auto drain = [](Stream& stream, std::size_t size, base::MonoTime until, Network& network) -> Task<> {
    auto slept = co_await network.sleep_until(until);
    std::array<char, 65536> block{};
    while (size > 0) {
      auto got = co_await read_some(stream, block, base::no_deadline);
      if (!got) co_return std::unexpected(got.error());
      size -= *got;
    }
    co_return slept;
  };
  auto [read, written, drained] = run(read_some(*pair.client, buffer, in(20ms)), pair.client->writable(in(20s)),
                                      drain(*pair.server, filled, in(40ms), reactor.network()));
  EXPECT_EQ(read.error().kind, base::ErrorKind::timed_out);
  EXPECT_TRUE(written.has_value());
}

TEST_F(SocketStreamTest, CancelEndsTheWaitUnderWayAndLaterOnes) {
  auto pair = connect();
  auto [read, done] =
      run(read_some(*pair.server, buffer, in(20s)), then(reactor.executor(), [&] { pair.server->cancel(); }));
  EXPECT_EQ(read.error().kind, base::ErrorKind::cancelled);
  EXPECT_EQ(std::get<0>(run(read_some(*pair.server, buffer, in(20s)))).error().kind, base::ErrorKind::cancelled);
}

TEST_F(SocketStreamTest, InterruptEndsOnlyTheWaitUnderWay) {
  auto pair = connect();
  pair.server->interrupt();
  auto [read, done] =
      run(read_some(*pair.server, buffer, in(20s)), then(reactor.executor(), [&] { pair.server->interrupt(); }));
  EXPECT_EQ(read.error().kind, base::ErrorKind::cancelled);
  auto [again, sent] = run(read_some(*pair.server, buffer, in(20s)), write_all(*pair.client, "x", in(20s)));
  EXPECT_EQ(again.value(), 1U);
}

TEST_F(SocketStreamTest, AParkedStreamCallsWhenBytesCome) {
  auto pair = connect();
  ASSERT_TRUE(pair.server->can_park());
  run(parked(*pair.server, in(20s)), then(reactor.executor(), [&] { pair.client->try_write("hello"); }));
  EXPECT_EQ(pair.server->try_read(buffer).bytes, 5U);
  EXPECT_LT(clock.mono(), in(10s));
}

TEST_F(SocketStreamTest, AParkedStreamCallsAtItsDeadline) {
  auto pair = connect();
  const auto deadline = in(30ms);
  run(parked(*pair.server, deadline));
  EXPECT_GE(clock.mono(), deadline);
  run(parked(*pair.server, in(-1s)));
  auto [got, sent] = run(read_some(*pair.server, buffer, in(10s)), write_all(*pair.client, "late", in(10s)));
  EXPECT_EQ(got.value(), 4U);
}

TEST_F(SocketStreamTest, AParkedStreamCallsWhenItIsInterruptedOrCancelled) {
  auto pair = connect();
  run(parked(*pair.server, in(20s)), then(reactor.executor(), [&] { pair.server->interrupt(); }));
  run(parked(*pair.server, in(20s)), then(reactor.executor(), [&] { pair.server->cancel(); }));
  run(parked(*pair.server, in(20s)));
  EXPECT_EQ(std::get<0>(run(read_some(*pair.server, buffer, in(20s)))).error().kind, base::ErrorKind::cancelled);
}

TEST_F(SocketStreamTest, TheDeadlineOfAWriteLeavesAParkedStreamAlone) {
  auto pair = connect();
  fill(*pair.server);
  const auto deadline = in(60ms);
  auto [called, written] = run(parked(*pair.server, deadline), pair.server->writable(in(10ms)));
  EXPECT_EQ(written.error().kind, base::ErrorKind::timed_out);
  EXPECT_GE(clock.mono(), deadline);
}

TEST_F(SocketStreamTest, WhatAParkedStreamCallsMayDestroyIt) {
  auto pair = connect();
  auto* const stream = pair.server.get();
  bool called = false;
  stream->park(in(1ms), [&called, owned = std::move(pair.server)]() mutable {
    owned.reset();
    called = true;
  });
  reactor.context().restart();
  while (!called) reactor.context().run_one();
}

TEST_F(SocketStreamTest, AnOrderlyEndIsClosed) {
  auto pair = connect();
  EXPECT_FALSE(pair.server->peer_finished());
  pair.client->shutdown();
  auto [got] = run(read_some(*pair.server, buffer, in(10s)));
  EXPECT_EQ(got.error().kind, base::ErrorKind::closed);
  EXPECT_EQ(got.error().os_error, 0);
  EXPECT_TRUE(pair.server->peer_finished());
  EXPECT_FALSE(pair.client->peer_finished());
}

TEST_F(SocketStreamTest, AResetIsClosed) {
  auto pair = connect();
  reset(*pair.client);
  auto [got, done] =
      run(read_some(*pair.server, buffer, in(10s)), then(reactor.executor(), [&] { pair.client.reset(); }));
  EXPECT_EQ(got.error().kind, base::ErrorKind::closed);
  EXPECT_EQ(got.error().os_error, ECONNRESET);
  EXPECT_TRUE(pair.server->peer_finished());
  auto [sent] = run(write_all(*pair.server, "x", in(10s)));
  EXPECT_EQ(sent.error().kind, base::ErrorKind::closed);
}

TEST_F(SocketStreamTest, WritingToAGonePeerIsAnErrorNotASignal) {
  auto pair = connect();
  reset(*pair.client);
  pair.client.reset();
  EXPECT_EQ(std::get<0>(run(write_all(*pair.server, "x", in(10s)))).error().kind, base::ErrorKind::closed);
  EXPECT_EQ(std::get<0>(run(write_all(*pair.server, "x", in(10s)))).error().kind, base::ErrorKind::closed);
}

TEST_F(SocketStreamTest, AProbeTellsWhetherThePeerHungUpAlsoAfterTheStream) {
  auto pair = connect();
  const auto probe = pair.server->hangup_probe();
  EXPECT_FALSE(probe());
  pair.server.reset();
  EXPECT_FALSE(probe());
  pair.client.reset();
  EXPECT_TRUE(probe());
}

TEST_F(SocketStreamTest, ABusyPeerIsMadeToWaitItsTurn) {
  auto pair = connect();
  std::array<char, 4096> block{};
  for (std::size_t read = 0; read < 4U << 20U; read += block.size()) {
    ASSERT_EQ(pair.client->try_write({block.data(), block.size()}).bytes, block.size());
    ASSERT_TRUE(std::get<0>(run(pair.server->readable(in(10s)))).has_value());
    if (pair.server->try_read(block).status == IoResult::Status::ok) continue;
    EXPECT_GE(read, 1U << 20U);
    EXPECT_EQ(std::get<0>(run(read_some(*pair.server, block, in(10s)))).value(), block.size());
    return;
  }
  FAIL() << "never had to wait";
}

TEST_F(SocketStreamTest, AUnixPeerIsKnownByItsCredential) {
  const testing::TemporaryFolder folder;
  const auto listener = listen({.address = {}, .port = 0, .unix_path = folder / "socket"});
  auto pair = connect_to(*listener);
  const auto peer = pair.server->peer_credential();
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->user, ::getuid());
  EXPECT_EQ(peer->process, ::getpid());
  std::vector<gid_t> ours(static_cast<std::size_t>(::getgroups(0, nullptr)));
  ::getgroups(static_cast<int>(ours.size()), ours.data());
  EXPECT_EQ(peer->groups, ours);
  EXPECT_EQ(pair.server->remote().unix_path, folder / "socket");
  auto tcp = connect();
  EXPECT_FALSE(tcp.server->peer_credential());
}

class ConnectTest : public SocketStreamTest {
 protected:
  // Listens, but its queue is full, so the kernel leaves further clients without an answer.
  struct FullListener {
    FullListener() : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      socklen_t size = sizeof(address);
      auto* const generic = reinterpret_cast<sockaddr*>(&address);
      ::bind(socket.get(), generic, size);
      ::listen(socket.get(), 0);
      ::getsockname(socket.get(), generic, &size);
      endpoint = {.address = base::IpAddress::v4({127, 0, 0, 1}), .port = ntohs(address.sin_port), .unix_path = {}};
      for (auto& client : clients) {
        client = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        ::connect(client.get(), generic, size);
      }
    }
    FileDescriptor socket;
    std::array<FileDescriptor, 4> clients;
    base::Endpoint endpoint;
  };
};

TEST_F(ConnectTest, ARefusalIsRefused) {
  base::Endpoint nobody = listen()->local();
  auto [stream] = run(reactor.network().connect(nobody, {.deadline = in(10s)}));
  ASSERT_FALSE(stream.has_value());
  EXPECT_EQ(stream.error().kind, base::ErrorKind::refused);
  EXPECT_THAT(stream.error().message, HasSubstr("connect to 127.0.0.1:"));
  EXPECT_THAT(stream.error().message, HasSubstr("Connection refused"));
}

TEST_F(ConnectTest, ASilentHostTimesOut) {
  const FullListener full;
  auto [stream] = run(reactor.network().connect(full.endpoint, {.deadline = in(30ms)}));
  ASSERT_FALSE(stream.has_value());
  EXPECT_EQ(stream.error().kind, base::ErrorKind::timed_out);
}

TEST_F(ConnectTest, ACancellerEndsTheAttempt) {
  const FullListener full;
  Canceller canceller;
  auto [stream, done] = run(reactor.network().connect(full.endpoint, {.deadline = in(20s), .canceller = &canceller}),
                            then(reactor.executor(), [&] { canceller.cancel(); }));
  EXPECT_EQ(stream.error().kind, base::ErrorKind::cancelled);
  auto [later] = run(reactor.network().connect(full.endpoint, {.deadline = in(20s), .canceller = &canceller}));
  EXPECT_EQ(later.error().kind, base::ErrorKind::cancelled);
}

TEST_F(ConnectTest, AStoppingReactorEndsTheAttempt) {
  const FullListener full;
  auto [stream, done] = run(reactor.network().connect(full.endpoint, {.deadline = in(20s)}),
                            then(reactor.executor(), [&] { reactor.begin_stop(); }));
  EXPECT_EQ(stream.error().kind, base::ErrorKind::cancelled);
}

TEST_F(ConnectTest, TheSourceAddressIsWhatThePeerSees) {
  const auto listener = listen();
  auto pair = connect_to(*listener, {.source = base::IpAddress::v4({127, 0, 0, 9})});
  EXPECT_EQ(to_string(pair.server->remote().address), "127.0.0.9");
  auto [wrong] = run(reactor.network().connect(listener->local(), {.source = base::IpAddress::parse("::1")}));
  EXPECT_EQ(wrong.error().kind, base::ErrorKind::invalid);
  auto [foreign] = run(reactor.network().connect(listener->local(), {.source = base::IpAddress::parse("192.0.2.77")}));
  EXPECT_THAT(foreign.error().message, HasSubstr("bind to the source address 192.0.2.77"));
}

TEST_F(ConnectTest, AMissingUnixSocketIsAnError) {
  const testing::TemporaryFolder folder;
  auto [missing] = run(reactor.network().connect({.address = {}, .port = 0, .unix_path = folder / "none"}, {}));
  EXPECT_EQ(missing.error().os_error, ENOENT);
  const std::string long_path(200, 'x');
  auto [too_long] = run(reactor.network().connect({.address = {}, .port = 0, .unix_path = long_path}, {}));
  EXPECT_EQ(too_long.error().kind, base::ErrorKind::invalid);
}

}  // namespace
}  // namespace godwit::net
