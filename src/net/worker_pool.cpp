// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/worker_pool.hpp"

#include <pthread.h>
#include <sys/resource.h>

namespace godwit::net {
namespace {

constexpr int background_nice = 10;

}  // namespace

BoundedPool::BoundedPool(std::string name, std::size_t threads, std::size_t max_waiting, Priority priority, Begin begin)
    : name_(std::move(name)),
      count_(threads),
      max_waiting_(max_waiting),
      priority_(priority),
      guard_(boost::asio::make_work_guard(io_)) {
  if (begin == Begin::now) start();
}

void BoundedPool::start() {
  if (!threads_.empty()) return;
  working_ = count_;
  for (std::size_t i = 0; i < count_; ++i) threads_.emplace_back([this] { work(); });
}

BoundedPool::~BoundedPool() {
  stop();
  join();
}

void BoundedPool::work() {
  ::pthread_setname_np(::pthread_self(), name_.substr(0, 15).c_str());
  // Linux: "who" 0 is the calling thread alone.  Refused by a stricter sandbox: as other threads then.
  if (priority_ == Priority::background) ::setpriority(PRIO_PROCESS, 0, background_nice);
  io_.run();
  const std::scoped_lock lock(mutex_);
  --working_;
  ended_.notify_all();
}

bool BoundedPool::enter() {
  if (waiting_.fetch_add(1) < max_waiting_) return true;
  --waiting_;
  return false;
}

void BoundedPool::stop() {
  stopping_ = true;
  guard_.reset();  // the threads end when what was posted has been answered
}

void BoundedPool::join() {
  if (threads_.empty()) io_.poll();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

bool BoundedPool::join_for(base::Duration patience) {
  {
    std::unique_lock lock(mutex_);
    if (!ended_.wait_for(lock, patience, [this] { return working_ == 0; })) return false;
  }
  join();
  return true;
}

}  // namespace godwit::net
