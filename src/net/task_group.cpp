// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/task_group.hpp"

namespace godwit::net {

TaskGroup::TaskGroup(boost::asio::any_io_executor executor, Deadlines& deadlines, OnException on_exception)
    : executor_(std::move(executor)), on_exception_(std::move(on_exception)), empty_(executor_, deadlines) {}

bool TaskGroup::spawn(boost::asio::awaitable<void> task) {
  if (closed_) return false;
  ++size_;
  resume(std::move(task));
  return true;
}

void TaskGroup::resume(boost::asio::awaitable<void> task) {
  boost::asio::co_spawn(executor_, std::move(task), [this](std::exception_ptr error) { ended(std::move(error)); });
}

void TaskGroup::ended(std::exception_ptr error) {
  --size_;
  if (error && on_exception_) on_exception_(std::move(error));
  if (size_ == 0) empty_.notify();
}

void TaskGroup::cancel() {
  closed_ = true;
  canceller_.cancel();
}

Task<> TaskGroup::wait_empty(base::MonoTime deadline) {
  while (size_ > 0) {
    auto notified = co_await empty_.wait(deadline);
    if (!notified) co_return notified;
  }
  co_return base::Result<>();
}

}  // namespace godwit::net
