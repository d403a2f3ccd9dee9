// SPDX-License-Identifier: Apache-2.0
#include "live_index.hpp"

#include <algorithm>

namespace godwit::spool {

bool settle(Live& live, const mail::Update& update) {
  for (const mail::RecipientUpdate& change : update.recipients) {
    if (change.index >= live.settled.size()) continue;
    const bool settled = change.state != mail::RecipientState::waiting;
    if (live.settled[change.index] == settled) continue;
    live.settled[change.index] = settled;
    settled ? --live.open : ++live.open;  // an administrator may set a recipient back to waiting
  }
  return live.open == 0;
}

void set_recipients(Live& live, const mail::Envelope& envelope) {
  live.open = 0;
  live.settled.clear();
  for (const mail::Recipient& recipient : envelope.recipients) {
    const bool waiting = recipient.state == mail::RecipientState::waiting;
    live.settled.push_back(!waiting);
    if (waiting) ++live.open;
  }
}

Live* LiveIndex::find(base::MessageId id) {
  const auto found = messages_.find(id);
  return found == messages_.end() ? nullptr : &found->second;
}

Live& LiveIndex::add(base::MessageId id, Live live) {
  finish(id, live.place.segment);
  SegmentState& holder = segments_[live.place.segment];
  ++holder.live;
  holder.bytes_live += live.place.length;
  if (live.cached) cached_.insert(id);
  return messages_.insert_or_assign(messages_.end(), id, std::move(live))->second;
}

void LiveIndex::add_update(base::MessageId id, Place place) {
  Live* live = find(id);
  if (live == nullptr) return;
  live->updates.push_back(place);
  depend(place.segment, live->place.segment);
}

bool LiveIndex::finish(base::MessageId id, std::uint32_t segment) {
  const auto found = messages_.find(id);
  if (found == messages_.end()) return false;
  const Place place = found->second.place;
  SegmentState& holder = segments_[place.segment];
  --holder.live;
  holder.bytes_live -= place.length;
  depend(segment, place.segment);
  cached_.erase(id);
  messages_.erase(found);
  return holder.live == 0;
}

void LiveIndex::depend(std::uint32_t segment, std::uint32_t holder) {
  if (segment != holder && segments_.contains(holder)) segments_[segment].depends.insert(holder);
}

const SegmentState* LiveIndex::find_segment(std::uint32_t number) const {
  const auto found = segments_.find(number);
  return found == segments_.end() ? nullptr : &found->second;
}

std::vector<std::uint32_t> LiveIndex::removable() const {
  std::vector<std::uint32_t> numbers;
  for (const auto& [number, state] : segments_)
    if (state.sealed && state.live == 0 && state.depends.empty()) numbers.push_back(number);
  return numbers;
}

void LiveIndex::removed(std::uint32_t number) {
  segments_.erase(number);
  for (auto& [other, state] : segments_) state.depends.erase(number);
}

}  // namespace godwit::spool
