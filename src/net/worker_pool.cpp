// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/worker_pool.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>

namespace godwit::net {
namespace {

constexpr int background_nice = 10;
constexpr std::chrono::nanoseconds background_slice = std::chrono::microseconds(100);

// sched_setattr(2), which glibc 2.36 has no function for.
struct SchedulingAttributes {
  std::uint32_t size, policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime, deadline, period;
};

// The calling thread yields to all others: by its share, and, where Linux (6.12 and later) lets a thread finish its
// slice before one that wakes up gets the processor, by a short slice.  Refused by a stricter sandbox: as other threads
// then.
void yield_to_others() {
  SchedulingAttributes wanted{};
  wanted.size = sizeof wanted;
  wanted.policy = SCHED_OTHER;
  wanted.nice = background_nice;
  wanted.runtime = static_cast<std::uint64_t>(background_slice.count());
  ::syscall(SYS_sched_setattr, 0, &wanted, 0);
}

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
  if (priority_ == Priority::background) yield_to_others();
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
