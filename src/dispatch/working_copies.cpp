// SPDX-License-Identifier: Apache-2.0
#include "working_copies.hpp"

#include <algorithm>
#include <utility>

namespace godwit::dispatch {

WorkingCopies::Message WorkingCopies::find(base::MessageId id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.message;
}

WorkingCopies::Message WorkingCopies::put(spool::StoredMessage message) {
  const auto found = entries_.find(message.id);
  if (found == entries_.end()) return std::make_shared<const spool::StoredMessage>(std::move(message));
  auto& entry = found->second;
  if (entry.message != nullptr) return entry.message;
  auto copy = std::make_shared<spool::StoredMessage>(std::move(message));
  for (const auto& recent : entry.recent) mail::apply(recent.update, copy->envelope);
  if (entry.uses > 0) entry.message = copy;
  return copy;
}

bool WorkingCopies::is_shared(base::MessageId id) const {
  const auto found = entries_.find(id);
  return found != entries_.end() && found->second.uses > 1;
}

void WorkingCopies::update(base::MessageId id, const mail::Update& update, base::MonoTime now) {
  auto& entry = entries_[id];
  if (entry.message != nullptr) mail::apply(update, entry.message->envelope);
  advance(now);
  std::erase_if(entry.recent, [this](const Timed& recent) { return recent.time < seen_; });
  entry.recent.push_back({.time = now, .update = update});
}

void WorkingCopies::end_use(base::MessageId id) {
  const auto found = entries_.find(id);
  if (--found->second.uses > 0) return;
  found->second.message.reset();
  if (found->second.recent.empty()) entries_.erase(found);
}

void WorkingCopies::forget(base::MessageId id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  found->second.recent.clear();
  if (found->second.uses == 0) entries_.erase(found);
}

void WorkingCopies::advance(base::MonoTime now) {
  for (; !recorded_.empty() && recorded_.front().since + longest_read < now; recorded_.pop_front())
    seen_ = recorded_.front().told_before;
}

void WorkingCopies::sweep(base::MonoTime now) {
  advance(now);
  std::erase_if(entries_, [this](const auto& entry) {
    return entry.second.uses == 0 && entry.second.recent.back().time < seen_;
  });
}

}  // namespace godwit::dispatch
