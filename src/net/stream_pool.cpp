// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/stream_pool.hpp"

#include <span>
#include <utility>

namespace godwit::net {

// Of one who waits: it leaves the line, or gives back what it was given too late, when its coroutine is gone.
class StreamPool::Turn {
 public:
  explicit Turn(StreamPool& pool) : pool_(pool), signal_(pool.executor_, pool.deadlines_) {
    at_ = pool_.waiting_.insert(pool_.waiting_.end(), this);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (!called_)
      pool_.waiting_.erase(at_);
    else if (!taken_)
      pool_.leave();
  }

  Task<> wait(base::MonoTime deadline) { return signal_.wait(deadline); }
  void call() {
    called_ = true;
    pool_.waiting_.erase(at_);
    signal_.notify();
  }
  bool take() { return taken_ = called_; }

 private:
  StreamPool& pool_;
  Signal signal_;
  std::list<Turn*>::iterator at_;
  bool called_ = false;
  bool taken_ = false;
};

StreamPool::Place::~Place() {
  if (pool_) pool_->leave();
}

// Of a connection that was kept, a server may have hung up, or it may say what nobody asked.
std::unique_ptr<Stream> StreamPool::Place::take_kept() {
  pool_->drop_old();
  while (!pool_->kept_.empty()) {
    auto stream = std::move(pool_->kept_.back().stream);
    pool_->kept_.pop_back();
    char unasked = '\0';
    if (stream->try_read({&unasked, 1}).status == IoResult::Status::would_block) return stream;
  }
  return nullptr;
}

void StreamPool::Place::keep(std::unique_ptr<Stream> stream) {
  pool_->drop_old();
  if (pool_->kept_.size() < pool_->limits_.open)
    pool_->kept_.push_back({.since = pool_->deadlines_.now(), .stream = std::move(stream)});
}

Task<StreamPool::Place> StreamPool::enter(base::MonoTime deadline) {
  const auto self = shared_from_this();
  if (taken_ < limits_.open) {
    ++taken_;
    co_return Place(self);
  }
  if (waiting_.size() >= limits_.waiting)
    co_return base::fail(base::ErrorKind::exhausted, "too many wait for its connections");
  Turn turn(*this);
  auto called = co_await turn.wait(deadline);
  if (turn.take()) co_return Place(self);
  co_return base::fail(called ? base::ErrorKind::timed_out : called.error().kind, "all connections to it are at work");
}

// The next in line has the place.
void StreamPool::leave() {
  if (waiting_.empty())
    --taken_;
  else
    waiting_.front()->call();
}

void StreamPool::drop_old() {
  const auto now = deadlines_.now();
  while (!kept_.empty() && kept_.front().since + limits_.longest_idle < now) kept_.pop_front();
}

}  // namespace godwit::net
