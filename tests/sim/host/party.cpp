// SPDX-License-Identifier: Apache-2.0
#include "sim/host/party.hpp"

#include <utility>

namespace godwit::sim {

void Party::begin() {
  wire_->on_news(side_, [self = shared_from_this()] { self->news(); });
  news();
}

void Party::news() {
  if (over_) return;
  send_rest();
  if (stalled_) {
    if (wire_->is_broken(side_)) hang_up();
    return;
  }
  unread_ += wire_->take(side_, static_cast<std::size_t>(-1));
  for (auto end = unread_.find("\r\n"); end != std::string::npos && !over_ && !stalled_; end = unread_.find("\r\n")) {
    const auto whole = unread_.substr(0, end);
    unread_.erase(0, end + 2);
    line(whole);
  }
  if (over_ || (!wire_->at_end(side_) && !wire_->is_broken(side_))) return;
  gone();
  hang_up();
}

void Party::say(std::string bytes) {
  if (over_) return;
  unsaid_ += bytes;
  send_rest();
}

void Party::send_rest() {
  if (wire_->is_broken(side_)) return;
  if (!unsaid_.empty()) unsaid_.erase(0, wire_->write(side_, unsaid_));
  if (half_closes_ && unsaid_.empty()) wire_->shutdown(side_);
}

void Party::half_close() {
  half_closes_ = true;
  send_rest();
}

void Party::hang_up() {
  if (std::exchange(over_, true)) return;
  // Not while it is called.
  world_.after(base::Duration(0), [self = shared_from_this()] { self->wire_->close(self->side_); });
}

}  // namespace godwit::sim
