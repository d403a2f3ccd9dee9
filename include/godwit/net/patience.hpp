// SPDX-License-Identifier: Apache-2.0
// Waits for a task, but not for ever: for what nobody can cut short, like a write to a disk that stalls.  A task that
// takes longer goes on by itself and its result is dropped, so it must own what it uses, or use what outlives the
// group.  Where there is haste, `until` is asked again when that begins.  One reactor.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <utility>

#include "godwit/net/haste.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/net/task_group.hpp"

namespace godwit::net {

class Patience {
 public:
  // All of the same reactor.
  Patience(boost::asio::any_io_executor executor, Deadlines& deadlines, TaskGroup& group, Haste* haste = nullptr)
      : executor_(std::move(executor)), deadlines_(deadlines), group_(group), haste_(haste) {}

  base::MonoTime now() const { return deadlines_.now(); }

  // Empty: it is past the time that `until` gives, which is asked again when it comes, and the task goes on.  Where the
  // group is closed all is about to end, and the task is waited for to its end.
  template <class T, std::invocable Until>
  boost::asio::awaitable<std::optional<T>> wait(boost::asio::awaitable<T> task, Until until) {
    if (group_.closed()) co_return co_await std::move(task);
    const auto outcome = std::make_shared<Outcome<T>>(executor_, deadlines_);
    auto running = run(outcome, std::move(task));
    group_.spawn(std::move(running));
    const Canceller::Hook in_haste(haste_ == nullptr ? nullptr : &haste_->beginning(),
                                   [outcome] { outcome->ended.notify(); });
    while (!outcome->result && now() < until()) static_cast<void>(co_await outcome->ended.wait(until()));
    co_return std::move(outcome->result);
  }

 private:
  template <class T>
  struct Outcome {
    Outcome(const boost::asio::any_io_executor& executor, Deadlines& deadlines) : ended(executor, deadlines) {}
    Signal ended;
    std::optional<T> result;
  };
  template <class T>
  static boost::asio::awaitable<void> run(std::shared_ptr<Outcome<T>> outcome, boost::asio::awaitable<T> task) {
    auto result = co_await std::move(task);
    outcome->result.emplace(std::move(result));
    outcome->ended.notify();
  }

  boost::asio::any_io_executor executor_;
  Deadlines& deadlines_;
  TaskGroup& group_;
  Haste* haste_;
};

}  // namespace godwit::net
