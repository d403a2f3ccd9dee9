// SPDX-License-Identifier: Apache-2.0
// The clock is set while mail waits.
#include "implementation.hpp"
#include "shifted.hpp"

namespace godwit::queue {

// Every time moves alike, so that all that is sorted by time stays sorted.
void Queue::Implementation::clock_jumped(base::Duration by, base::WallTime now) {
  by_id_.for_each_from({}, "", [&](base::MessageId, Index index) {
    Record& record = records_[index];
    record.next_attempt = shifted(record.next_attempt, by);
    record.deadline = shifted(record.deadline, by);
    return true;
  });
  const auto change = [by](base::WallTime time) { return shifted(time, by); };
  timers_.change_keys(change);
  site_timers_.change_keys(change);
  for (const auto& [name, index] : site_names_) sites_[index].limit.clock_jumped(by);
  for (auto& [name, suspension] : suspensions_) suspension.until = shifted(suspension.until, by);
  now_ = now;
  apply_suspensions();
}

}  // namespace godwit::queue
