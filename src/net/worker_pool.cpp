// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/worker_pool.hpp"

#include <pthread.h>

namespace godwit::net {

BoundedPool::BoundedPool(std::string name, std::size_t threads, std::size_t max_waiting)
    : name_(std::move(name)), max_waiting_(max_waiting), guard_(boost::asio::make_work_guard(io_)) {
  const std::string shown = name_.substr(0, 15);
  working_ = threads;
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
    ::pthread_setname_np(threads_.back().native_handle(), shown.c_str());
  }
}

BoundedPool::~BoundedPool() {
  stop();
  join();
}

void BoundedPool::work() {
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
