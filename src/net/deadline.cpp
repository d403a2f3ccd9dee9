// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/deadline.hpp"

#include <cassert>

namespace godwit::net {

Deadlines::~Deadlines() {
  for (auto* deadline : heap_) deadline->index_ = Deadline::not_queued;
}

base::MonoTime Deadlines::next() const {
  return heap_.empty() ? base::no_deadline : heap_.front()->queued_at_;
}

void Deadlines::expire(base::MonoTime now) {
  while (!heap_.empty() && heap_.front()->queued_at_ <= now) {
    Deadline& first = *heap_.front();
    if (first.when_ > now && first.when_ != base::no_deadline) {
      move_to(first, first.when_);  // was armed again since it was queued
      continue;
    }
    remove(first);
    if (first.when_ > now) continue;  // was disarmed
    first.when_ = base::no_deadline;
    first.passed_ = true;
    first.action_(first.context_);
  }
}

void Deadlines::insert(Deadline& deadline, base::MonoTime at) {
  deadline.queued_at_ = at;
  heap_.push_back(&deadline);
  deadline.index_ = heap_.size() - 1;
  sift_up(deadline.index_);
  if (deadline.index_ == 0 && wake_) wake_();
}

void Deadlines::remove(Deadline& deadline) {
  const std::size_t index = deadline.index_;
  assert(index < heap_.size() && heap_[index] == &deadline);
  deadline.index_ = Deadline::not_queued;
  Deadline* last = heap_.back();
  heap_.pop_back();
  if (last == &deadline) return;
  place(index, last);
  sift_up(index);
  sift_down(last->index_);
}

void Deadlines::move_to(Deadline& deadline, base::MonoTime at) {
  const bool earlier = at < deadline.queued_at_;
  deadline.queued_at_ = at;
  if (!earlier) return sift_down(deadline.index_);
  sift_up(deadline.index_);
  if (deadline.index_ == 0 && wake_) wake_();
}

void Deadlines::sift_up(std::size_t index) {
  Deadline* moving = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (heap_[parent]->queued_at_ <= moving->queued_at_) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, moving);
}

void Deadlines::sift_down(std::size_t index) {
  Deadline* moving = heap_[index];
  for (std::size_t child = 2 * index + 1; child < heap_.size(); child = 2 * index + 1) {
    if (child + 1 < heap_.size() && heap_[child + 1]->queued_at_ < heap_[child]->queued_at_) ++child;
    if (moving->queued_at_ <= heap_[child]->queued_at_) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, moving);
}

void Deadlines::place(std::size_t index, Deadline* deadline) {
  heap_[index] = deadline;
  deadline->index_ = index;
}

Deadline::~Deadline() {
  if (index_ != not_queued) deadlines_->remove(*this);
}

void Deadline::arm(base::MonoTime when) {
  passed_ = false;
  when_ = when;
  if (when == base::no_deadline) return;  // an entry that is left is dropped when it comes up
  if (index_ == not_queued) {
    deadlines_->insert(*this, when);
  } else if (when < queued_at_) {
    deadlines_->move_to(*this, when);
  }
}

}  // namespace godwit::net
