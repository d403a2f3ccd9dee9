// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/canceller.hpp"

#include <utility>

namespace godwit::net {

Canceller::~Canceller() {
  while (first_ != nullptr) first_->unlink();
}

void Canceller::cancel() {
  cancelled_ = true;
  while (first_ != nullptr) {
    // Out of the list and out of the hook before the call, since the action may destroy its own hook or others.
    Hook* hook = first_;
    const auto action = std::move(hook->action_);
    hook->unlink();
    if (action) action();
  }
}

Canceller::Hook::Hook(Canceller* canceller, std::function<void()> action)
    : canceller_(canceller), action_(std::move(action)) {
  if (canceller_ == nullptr) return;
  if (canceller_->cancelled_) {
    canceller_ = nullptr;
    action_();
    return;
  }
  before_ = canceller_->last_;
  (before_ != nullptr ? before_->after_ : canceller_->first_) = this;
  canceller_->last_ = this;
}

Canceller::Hook::~Hook() {
  unlink();
}

void Canceller::Hook::unlink() {
  if (canceller_ == nullptr) return;
  (before_ != nullptr ? before_->after_ : canceller_->first_) = after_;
  (after_ != nullptr ? after_->before_ : canceller_->last_) = before_;
  canceller_ = nullptr;
  before_ = after_ = nullptr;
}

}  // namespace godwit::net
