// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/listener.hpp"

#include <atomic>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "godwit/net/task_group.hpp"
#include "loopback.hpp"
#include "support/test_certificate.hpp"

namespace godwit::net {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using ListenerTest = Loopback;

base::Endpoint unix_endpoint(std::string path) {
  return {.address = {}, .port = 0, .unix_path = std::move(path)};
}
base::Endpoint any_v6(std::uint16_t port) {
  return {.address = *base::IpAddress::parse("::"), .port = port, .unix_path = {}};
}

TEST_F(ListenerTest, ASecondProgramOnThePortIsNoticed) {
  const auto listener = listen();
  const auto second = bind_listeners(listener->local(), 2);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, base::ErrorKind::refused);
  EXPECT_EQ(second.error().message,
            "cannot listen on " + base::to_string(listener->local()) + ": address already in use by another program");
  EXPECT_FALSE(check_bindable(listener->local()).has_value());
  auto everywhere = listener->local();
  everywhere.address = base::IpAddress();
  EXPECT_FALSE(bind_listeners(everywhere, 1).has_value());
  EXPECT_FALSE(bind_listeners(any_v6(everywhere.port), 1).has_value());
  EXPECT_FALSE(check_bindable(any_v6(everywhere.port)).has_value());
}

TEST_F(ListenerTest, APortIsFreeAgainAfterItsConnectionsEnded) {
  auto listener = listen();
  const auto local = listener->local();
  auto pair = connect_to(*listener);
  pair.server.reset();  // the side that closes first keeps TIME_WAIT
  pair.client.reset();
  listener.reset();
  EXPECT_TRUE(check_bindable(local).has_value());
  EXPECT_TRUE(bind_listeners(local, 2).has_value());
}

TEST_F(ListenerTest, AnAddressThatIsNotOursIsNamed) {
  const auto foreign = bind_listeners({.address = base::IpAddress::v4({192, 0, 2, 77}), .port = 0, .unix_path = {}}, 1);
  ASSERT_FALSE(foreign.has_value());
  EXPECT_THAT(foreign.error().message, HasSubstr("this host does not have the address"));
}

TEST_F(ListenerTest, BothFamiliesShareOneFreePort) {
  auto sockets = bind_listeners(any_v6(0), 2);
  ASSERT_TRUE(sockets.has_value()) << sockets.error().message;
  for (const auto& socket : *sockets) EXPECT_EQ(socket.local.port, sockets->front().local.port);
  const bool have_v6 =
      bind_listeners({.address = *base::IpAddress::parse("::1"), .port = 0, .unix_path = {}}, 1).has_value();
  EXPECT_EQ(sockets->size(), have_v6 ? 4U : 2U);
  auto pair = [&] {
    const auto listener = make_listener(reactor, std::move(sockets->back()));
    EXPECT_TRUE(listener->local().address.is_v4());
    sockets->clear();
    auto to = listener->local();
    to.address = base::IpAddress::v4({127, 0, 0, 1});
    auto [server, client] = run(listener->accept(), reactor.network().connect(to, {}));
    return std::move(server);
  }();
  EXPECT_TRUE(pair.has_value());
}

TEST_F(ListenerTest, CloseDrainsWhatTheKernelHadAccepted) {
  auto listener = listen();
  std::vector<std::unique_ptr<Stream>> clients;
  for (int i = 0; i < 3; ++i)
    clients.push_back(std::get<0>(run(reactor.network().connect(listener->local(), {}))).value());
  listener->close();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(std::get<0>(run(listener->accept())).has_value());
  EXPECT_EQ(std::get<0>(run(listener->accept())).error().kind, base::ErrorKind::cancelled);
  EXPECT_FALSE(std::get<0>(run(reactor.network().connect(listener->local(), {}))).has_value());
}

TEST_F(ListenerTest, CloseEndsAWaitingAccept) {
  const auto listener = listen();
  const auto close = [](Network& network, base::MonoTime when, Listener& closing) -> Task<> {
    auto slept = co_await network.sleep_until(when);
    closing.close();
    co_return slept;
  };
  auto [accepted, closed] = run(listener->accept(), close(reactor.network(), in(10ms), *listener));
  EXPECT_EQ(accepted.error().kind, base::ErrorKind::cancelled);
}

TEST_F(ListenerTest, WithoutDescriptorsItSaysSoAndGoesOnWhenThereAreSome) {
  const auto listener = listen();
  auto client = std::get<0>(run(reactor.network().connect(listener->local(), {})));
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  rlimit none = limit;
  none.rlim_cur = 3;
  ::setrlimit(RLIMIT_NOFILE, &none);
  auto [shortage] = run(listener->accept());
  const auto failed_at = clock.mono();
  auto [no_socket] = run(reactor.network().connect(listener->local(), {}));
  ::setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(shortage.error().kind, base::ErrorKind::exhausted);
  EXPECT_EQ(no_socket.error().kind, base::ErrorKind::exhausted);
  auto [accepted] = run(listener->accept());
  EXPECT_TRUE(accepted.has_value());
  EXPECT_GE(clock.mono() - failed_at, 50ms);
}

TEST_F(ListenerTest, AUnixSocketHasItsModeAndReplacesADeadOnesFile) {
  const testing::TemporaryFolder folder;
  const auto endpoint = unix_endpoint(folder / "control.sock");
  EXPECT_TRUE(check_bindable(endpoint).has_value());
  listen(endpoint);  // closed at once; its file stays
  EXPECT_TRUE(check_bindable(endpoint).has_value());
  const auto listener = listen(endpoint, {.unix_mode = 0666, .unix_group = {}});
  struct stat status {};
  ASSERT_EQ(::stat(endpoint.unix_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0666U);
  connect_to(*listener);
}

TEST_F(ListenerTest, ALivingUnixSocketIsLeftAlone) {
  const testing::TemporaryFolder folder;
  const auto endpoint = unix_endpoint(folder / "control.sock");
  const auto listener = listen(endpoint);
  const auto second = bind_listeners(endpoint, 1);
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message, HasSubstr("already in use by another program"));
  EXPECT_FALSE(check_bindable(endpoint).has_value());
  EXPECT_TRUE(std::get<0>(run(listener->accept())).has_value());  // the question whether anybody answers
  connect_to(*listener);
}

TEST_F(ListenerTest, WhatIsNoSocketIsLeftAlone) {
  const testing::TemporaryFolder folder;
  const auto endpoint = unix_endpoint(folder.write("file", "precious"));
  const auto bound = bind_listeners(endpoint, 1);
  ASSERT_FALSE(bound.has_value());
  EXPECT_THAT(bound.error().message, HasSubstr("the file exists and is no socket"));
}

TEST_F(ListenerTest, AMissingFolderGroupOrShortNameIsSaid) {
  const testing::TemporaryFolder folder;
  EXPECT_THAT(bind_listeners(unix_endpoint(folder / "a/b"), 1).error().message, HasSubstr("No such file"));
  EXPECT_THAT(check_bindable(unix_endpoint(folder / "a/b")).error().message, HasSubstr("No such file"));
  EXPECT_THAT(bind_listeners(unix_endpoint(folder / "g"), 1, {.unix_group = "no-such-group"}).error().message,
              HasSubstr("there is no group no-such-group"));
  EXPECT_EQ(bind_listeners(unix_endpoint(std::string(200, 'x')), 1).error().kind, base::ErrorKind::invalid);
}

std::vector<FileDescriptor> descriptors(std::vector<BoundSocket> sockets) {
  std::vector<FileDescriptor> all;
  for (auto& socket : sockets) all.push_back(std::move(socket.descriptor));
  return all;
}

std::vector<std::size_t> reactors_of(const std::vector<BoundSocket>& sockets) {
  std::vector<std::size_t> all;
  for (const auto& socket : sockets) all.push_back(socket.reactor);
  return all;
}

TEST_F(ListenerTest, AnInheritedSocketIsSharedByTheReactors) {
  auto inherited = bind_listeners(loopback, 1);
  const auto local = inherited->front().local;
  auto sockets = adopt_listeners(descriptors(std::move(*inherited)), 3);
  ASSERT_TRUE(sockets.has_value());
  EXPECT_THAT(reactors_of(*sockets), ElementsAre(0, 1, 2));
  EXPECT_EQ(sockets->at(2).local, local);
  const auto listener = make_listener(reactor, std::move(sockets->at(2)));
  connect_to(*listener);
}

TEST_F(ListenerTest, EachInheritedSocketHasAReactor) {
  auto inherited = bind_listeners(loopback, 3);
  const auto local = inherited->front().local;
  auto sockets = adopt_listeners(descriptors(std::move(*inherited)), 2);
  ASSERT_TRUE(sockets.has_value());
  EXPECT_THAT(reactors_of(*sockets), ElementsAre(0, 1, 0));
  EXPECT_FALSE(check_bindable(local).has_value()) << "the port stays taken";
}

TEST_F(ListenerTest, WhoWaitsInTheQueueOfAKeptSocketIsLeftToTheNext) {
  auto bound = bind_listeners(loopback, 1);
  const auto local = bound->front().local;
  std::vector<FileDescriptor> kept;
  kept.emplace_back(::dup(bound->front().descriptor.get()));
  bound->front().kept = true;
  const auto first = make_listener(reactor, std::move(bound->front()));
  auto client = std::get<0>(run(reactor.network().connect(local, {})));
  first->close();
  EXPECT_EQ(std::get<0>(run(first->accept())).error().kind, base::ErrorKind::cancelled);
  auto next = adopt_listeners(std::move(kept), 1);
  ASSERT_TRUE(next.has_value());
  EXPECT_TRUE(next->front().kept);
  const auto second = make_listener(reactor, std::move(next->front()));
  EXPECT_TRUE(std::get<0>(run(second->accept())).has_value());
}

TEST_F(ListenerTest, OnlyTheFamilyThatNobodyLeftIsBound) {
  auto both = bind_listeners(any_v6(0), 1);
  ASSERT_TRUE(both.has_value());
  if (both->size() < 2) GTEST_SKIP() << "this host has no IPv6";
  for (const std::size_t there : {0U, 1U}) {
    const auto port = both->front().local.port;
    std::vector<FileDescriptor> left;
    left.push_back(std::move(both->at(there).descriptor));
    both->clear();
    both = bind_listeners(any_v6(port), 1, {}, std::move(left));
    ASSERT_TRUE(both.has_value()) << both.error().message;
    ASSERT_EQ(both->size(), 2U);
    EXPECT_TRUE(both->at(0).local.address.is_v6());
    EXPECT_TRUE(both->at(1).local.address.is_v4());
    EXPECT_EQ(both->at(there).kept, true);
    EXPECT_EQ(both->at(1 - there).kept, false);
  }
}

TEST_F(ListenerTest, WhatIsNoListeningSocketIsNotAdopted) {
  std::vector<FileDescriptor> idle, file;
  idle.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(adopt_listeners(std::move(idle), 1).error().kind, base::ErrorKind::invalid);
  file.emplace_back(::dup(0));
  EXPECT_FALSE(adopt_listeners(std::move(file), 1).has_value());
}

// Two reactors, each with its own socket on one port; every client is answered, whoever got it.
TEST(Reactors, ShareThePortAndAnswerEveryClient) {
  constexpr int clients = 100;
  base::SystemClock clock;
  auto sockets = bind_listeners(loopback, 2);
  ASSERT_TRUE(sockets.has_value());
  const auto endpoint = sockets->front().local;
  std::array<std::atomic<int>, 2> accepted{};
  ReactorPool pool(clock, 2);
  struct Home {
    std::unique_ptr<Listener> listener;
    std::unique_ptr<TaskGroup> group;
  };
  std::vector<Home> homes(2);
  const auto greet = [](std::unique_ptr<Stream> stream) -> boost::asio::awaitable<void> {
    std::ignore = co_await write_all(*stream, "220 hello\r\n", base::no_deadline);
  };
  const auto serve = [&greet](Home& home, std::atomic<int>& count) -> boost::asio::awaitable<void> {
    for (;;) {
      auto stream = co_await home.listener->accept();
      if (!stream) co_return;
      ++count;
      home.group->spawn(greet(std::move(*stream)));
    }
  };
  for (auto& socket : *sockets) {
    auto& reactor = pool[socket.reactor];
    auto& home = homes[socket.reactor];
    auto& count = accepted[socket.reactor];
    home.group = std::make_unique<TaskGroup>(reactor.executor(), reactor.deadlines(), [](auto) { ADD_FAILURE(); });
    home.listener = make_listener(reactor, std::move(socket));
    home.group->spawn(serve(home, count));
  }
  pool.start();

  Reactor here(clock);
  for (int i = 0; i < clients; ++i) {
    auto stream = testing::run_on(here.context(), here.network().connect(endpoint, {}));
    ASSERT_TRUE(stream.has_value());
    std::array<char, 11> greeting{};
    EXPECT_EQ(testing::run_on(here.context(), read_some(**stream, greeting, clock.mono() + 10s)).value(), 11U);
  }
  EXPECT_EQ(accepted[0] + accepted[1], clients);

  std::atomic<int> stopped = 0;
  const auto stop = [&stopped](Home& home) -> boost::asio::awaitable<void> {
    home.listener->close();
    auto empty = co_await home.group->wait_empty(base::no_deadline);
    EXPECT_TRUE(empty.has_value());
    ++stopped;
  };
  for (std::size_t i = 0; i < 2; ++i) {
    auto ending = stop(homes[i]);
    boost::asio::co_spawn(pool[i].executor(), std::move(ending), [&pool, i](std::exception_ptr) { pool[i].stop(); });
  }
  pool.join();
  EXPECT_EQ(stopped, 2);
  homes.clear();
}

}  // namespace
}  // namespace godwit::net
