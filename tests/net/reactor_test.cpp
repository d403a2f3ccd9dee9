// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/reactor.hpp"

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <boost/asio/detached.hpp>

#include "godwit/net/await_callback.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/net/task_group.hpp"
#include "godwit/net/worker_pool.hpp"
#include "loopback.hpp"

namespace godwit::net {
namespace {

using namespace std::chrono_literals;

using ReactorTest = Loopback;

TEST_F(ReactorTest, SleepEndsAtItsTime) {
  const auto until = in(20ms);
  auto [late, early] = run(reactor.network().sleep_until(until), reactor.network().sleep_until(in(5ms)));
  EXPECT_TRUE(late.has_value());
  EXPECT_TRUE(early.has_value());
  EXPECT_GE(clock.mono(), until);
  auto [past] = run(reactor.network().sleep_until(in(-1s)));
  EXPECT_TRUE(past.has_value());
}

TEST_F(ReactorTest, BeginStopCancelsSleepsAlsoLaterOnes) {
  reactor.begin_stop();
  auto [slept] = run(reactor.network().sleep_until(in(1h)));
  EXPECT_EQ(slept.error().kind, base::ErrorKind::cancelled);
  auto [later] = run(reactor.network().sleep_until(in(1h)));
  EXPECT_EQ(later.error().kind, base::ErrorKind::cancelled);
}

// The leak sanitizer watches.
TEST_F(ReactorTest, WhatStillWaitsIsDestroyedWithTheReactor) {
  const auto wait = [](Network& network, std::shared_ptr<int> held) -> boost::asio::awaitable<void> {
    std::ignore = co_await network.sleep_until(base::no_deadline);
    *held = 1;
  };
  auto held = std::make_shared<int>(0);
  {
    Reactor dying(clock);
    auto waiting = wait(dying.network(), held);
    boost::asio::co_spawn(dying.executor(), std::move(waiting), boost::asio::detached);
    dying.context().poll();
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST_F(ReactorTest, AbandonDestroysWhatWaitsWhileItsOwnersExist) {
  Reactor ended(clock);
  const auto held = std::make_shared<int>(0);
  Signal never(ended.executor(), ended.deadlines());
  const auto wait = [](Signal& signal, std::shared_ptr<int> kept) -> boost::asio::awaitable<void> {
    std::ignore = co_await signal.wait(base::no_deadline);
    *kept = 1;
  };
  boost::asio::co_spawn(ended.executor(), wait(never, held), boost::asio::detached);
  ended.context().poll();
  EXPECT_EQ(held.use_count(), 2);
  ended.stop();
  ended.abandon();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST_F(ReactorTest, ASignalWakesItsWaiterOnceHoweverOftenItWasGiven) {
  Signal signal(reactor.executor(), reactor.deadlines());
  signal.notify();
  signal.notify();
  EXPECT_TRUE(std::get<0>(run(signal.wait(in(10s)))).has_value());
  EXPECT_EQ(std::get<0>(run(signal.wait(in(5ms)))).error().kind, base::ErrorKind::timed_out);
  boost::asio::post(reactor.executor(), [&] { signal.notify(); });
  EXPECT_TRUE(std::get<0>(run(signal.wait(in(10s)))).has_value());
  boost::asio::post(reactor.executor(), [&] { signal.cancel(); });
  EXPECT_EQ(std::get<0>(run(signal.wait(in(10s)))).error().kind, base::ErrorKind::cancelled);
}

class TaskGroupTest : public Loopback {
 protected:
  TaskGroup group{reactor.executor(), reactor.deadlines(),
                  [this](std::exception_ptr error) { thrown.push_back(error); }};
  std::vector<std::exception_ptr> thrown;

  static boost::asio::awaitable<void> sleep(Network& network, base::MonoTime until) {
    std::ignore = co_await network.sleep_until(until);
  }
  static boost::asio::awaitable<void> park(TaskGroup& group, Reactor& reactor, base::ErrorKind& outcome) {
    Signal signal(reactor.executor(), reactor.deadlines());
    const Canceller::Hook hook(&group.canceller(), [&signal] { signal.cancel(); });
    auto waited = co_await signal.wait(base::no_deadline);
    outcome = waited.error().kind;
  }
};

TEST_F(TaskGroupTest, WaitsUntilAllTasksEnded) {
  EXPECT_TRUE(group.spawn(sleep(reactor.network(), in(10ms))));
  EXPECT_TRUE(group.spawn([this]() -> boost::asio::awaitable<void> { return sleep(reactor.network(), in(20ms)); }));
  EXPECT_EQ(group.size(), 2U);
  EXPECT_EQ(std::get<0>(run(group.wait_empty(in(1ms)))).error().kind, base::ErrorKind::timed_out);
  EXPECT_TRUE(std::get<0>(run(group.wait_empty(in(10s)))).has_value());
  EXPECT_EQ(group.size(), 0U);
  EXPECT_TRUE(std::get<0>(run(group.wait_empty(in(-1s)))).has_value());
}

TEST_F(TaskGroupTest, AClosedGroupRefusesNewTasks) {
  group.close();
  EXPECT_FALSE(group.spawn(sleep(reactor.network(), in(0ms))));
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(TaskGroupTest, WhatIsParkedIsCountedAndGoesOnInAClosedGroup) {
  const auto park_it = [](TaskGroup& one) -> boost::asio::awaitable<void> {
    one.park();
    co_return;
  };
  EXPECT_TRUE(group.spawn(park_it(group)));
  EXPECT_EQ(std::get<0>(run(group.wait_empty(in(10ms)))).error().kind, base::ErrorKind::timed_out);
  EXPECT_EQ(group.size(), 1U);
  group.close();
  group.resume(sleep(reactor.network(), in(10ms)));
  EXPECT_EQ(group.size(), 1U);
  EXPECT_TRUE(std::get<0>(run(group.wait_empty(in(10s)))).has_value());
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(TaskGroupTest, CancelEndsWhatTheTasksWaitFor) {
  auto outcome = base::ErrorKind::invalid;
  group.spawn(park(group, reactor, outcome));
  boost::asio::post(reactor.executor(), [this] { group.cancel(); });
  EXPECT_TRUE(std::get<0>(run(group.wait_empty(in(10s)))).has_value());
  EXPECT_EQ(outcome, base::ErrorKind::cancelled);
  EXPECT_TRUE(group.closed());
}

TEST_F(TaskGroupTest, AnEscapedExceptionIsReportedAndEndsOnlyItsTask) {
  const auto fail = []() -> boost::asio::awaitable<void> {
    co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
    throw std::runtime_error("a bug");
  };
  group.spawn(fail());
  EXPECT_TRUE(std::get<0>(run(group.wait_empty(in(10s)))).has_value());
  ASSERT_EQ(thrown.size(), 1U);
  EXPECT_THROW(std::rethrow_exception(thrown[0]), std::runtime_error);
}

class WorkerPool : public Loopback {
 protected:
  // A function that blocks a worker until it is let go.
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
    bool entered = false;
    void pass() {
      std::unique_lock lock(mutex);
      entered = true;
      changed.notify_all();
      changed.wait(lock, [this] { return open; });
    }
    void wait_entered() {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return entered; });
    }
    void let_go() {
      const std::lock_guard lock(mutex);
      open = true;
      changed.notify_all();
    }
  };
};

TEST_F(WorkerPool, AnswersOnTheCallersThread) {
  BoundedPool pool("test", 2, 10);
  const auto ask = [](BoundedPool& workers) -> boost::asio::awaitable<std::pair<std::thread::id, std::thread::id>> {
    auto on = co_await workers.run([] { return std::this_thread::get_id(); });
    co_return std::pair(on.value(), std::this_thread::get_id());
  };
  auto [ids] = run(ask(pool));
  EXPECT_NE(ids.first, std::this_thread::get_id());
  EXPECT_EQ(ids.second, std::this_thread::get_id());
}

TEST_F(WorkerPool, GivesNothingAResultOrAnExceptionAsTheFunctionDid) {
  BoundedPool pool("test", 1, 10);
  auto [nothing, result] =
      run(pool.run([] {}), pool.run([]() -> base::Result<int> { return base::fail(base::ErrorKind::corrupt, "no"); }));
  EXPECT_TRUE(nothing.has_value());
  EXPECT_EQ(result.error().kind, base::ErrorKind::corrupt);
  auto moved = std::make_unique<int>(7);
  auto [only_movable] = run(pool.run([held = std::move(moved)]() mutable { return std::move(held); }));
  EXPECT_EQ(**only_movable, 7);
  EXPECT_THROW(run(pool.run([]() -> int { throw std::runtime_error("x"); })), std::runtime_error);
}

TEST_F(WorkerPool, RefusesWhatFindsTooMuchWaiting) {
  BoundedPool pool("test", 1, 1);
  Gate gate;
  const auto use = [](BoundedPool& workers, Gate& waiting) -> Task<int> {
    auto done = co_await workers.run([&waiting] {
      waiting.pass();
      return 1;
    });
    co_return done;
  };
  const auto fill = [](BoundedPool& workers, Gate& waiting) -> Task<int> {
    waiting.wait_entered();
    auto executor = co_await boost::asio::this_coro::executor;
    auto queued = workers.run([] { return 2; });
    base::Result<int> second;
    boost::asio::co_spawn(executor, std::move(queued),
                          [&second](std::exception_ptr, base::Result<int> r) { second = std::move(r); });
    while (workers.waiting() == 0) co_await boost::asio::post(executor, boost::asio::use_awaitable);
    auto refused = co_await workers.run([] { return 3; });
    waiting.let_go();
    while (!second || *second == 0) co_await boost::asio::post(executor, boost::asio::use_awaitable);
    co_return refused;
  };
  auto [first, refused] = run(use(pool, gate), fill(pool, gate));
  EXPECT_EQ(first.value(), 1);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, base::ErrorKind::exhausted);
  EXPECT_EQ(pool.waiting(), 0U);
}

TEST_F(WorkerPool, AStoppedOneAnswersCancelled) {
  BoundedPool pool("test", 1, 10);
  Gate gate;
  std::thread opener([&] {
    gate.wait_entered();
    pool.stop();
    gate.let_go();
  });
  auto [running, waiting] = run(pool.run([&gate] { gate.pass(); }), pool.run([] {}));
  EXPECT_TRUE(running.has_value());
  EXPECT_EQ(waiting.error().kind, base::ErrorKind::cancelled);
  auto [late] = run(pool.run([] {}));
  EXPECT_EQ(late.error().kind, base::ErrorKind::cancelled);
  opener.join();
  pool.join();
}

TEST_F(WorkerPool, OfNoThreadsIsRunByWhoMadeIt) {
  BoundedPool pool("test", 0, 10);
  int done = 0;
  for (int i = 0; i < 2; ++i) boost::asio::post(pool.executor(), [&done] { ++done; });
  EXPECT_EQ(pool.context().poll_one(), 1U);
  EXPECT_EQ(done, 1);
  pool.stop();
  pool.join();
  EXPECT_EQ(done, 2);
  EXPECT_TRUE(pool.join_for(std::chrono::seconds(0)));
}

TEST_F(WorkerPool, WhatIsAbandonedIsDestroyedAndNeverRun) {
  BoundedPool pool("test", 0, 10);
  auto held = std::make_shared<int>(1);
  bool ran = false;
  boost::asio::post(pool.executor(), [held, &ran] { ran = true; });
  EXPECT_EQ(held.use_count(), 2);
  pool.abandon();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(ran);
}

TEST_F(WorkerPool, OfOneThreadRunsCoroutinesOneAfterTheOther) {
  SingleThread committer("committer");
  std::vector<int> order;  // only the committer's
  const auto step = [](std::vector<int>& steps, int number) -> boost::asio::awaitable<void> {
    steps.push_back(number);
    co_return;
  };
  for (int i = 0; i < 3; ++i) {
    auto task = step(order, i);
    boost::asio::co_spawn(committer.executor(), std::move(task), boost::asio::detached);
  }
  committer.stop();
  committer.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST_F(ReactorTest, ACallbackOnAnotherThreadIsAwaitedOnTheCallers) {
  std::thread other;
  const auto ask = [](std::thread& thread) -> boost::asio::awaitable<std::pair<std::unique_ptr<int>, std::thread::id>> {
    auto value = co_await await_callback<std::unique_ptr<int>>([&thread](Callback<std::unique_ptr<int>> done) {
      thread = std::thread([done = std::move(done)]() mutable { done(std::make_unique<int>(42)); });
    });
    co_return std::pair(std::move(value), std::this_thread::get_id());
  };
  auto [answer] = run(ask(other));
  other.join();
  EXPECT_EQ(*answer.first, 42);
  EXPECT_EQ(answer.second, std::this_thread::get_id());
}

}  // namespace
}  // namespace godwit::net
