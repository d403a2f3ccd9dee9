// SPDX-License-Identifier: Apache-2.0
#include "live_index.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace godwit::spool {
namespace {

constexpr std::uint8_t next_attempt_field = 1, attempts_field = 2, held_field = 4, warned_field = 8;

std::uint8_t fields_of(const mail::Update& update) {
  return static_cast<std::uint8_t>((update.next_attempt ? next_attempt_field : 0U) |
                                   (update.attempts ? attempts_field : 0U) | (update.held ? held_field : 0U) |
                                   (update.warned ? warned_field : 0U));
}

void take_fields(Live& live, const mail::Update& update) {
  live.next_attempt = update.next_attempt.value_or(live.next_attempt);
  live.attempts = update.attempts.value_or(live.attempts);
  if (update.held) live.held = *update.held;
  if (update.warned) live.warned = *update.warned;
}

// What earlier updates set and this one does not: with their values it says all that they said.
void complete_fields(const Live& live, mail::Update& update) {
  if ((live.updated & next_attempt_field) != 0) update.next_attempt = live.next_attempt;
  if ((live.updated & attempts_field) != 0) update.attempts = live.attempts;
  if ((live.updated & held_field) != 0) update.held = live.held;
  if ((live.updated & warned_field) != 0) update.warned = live.warned;
}

bool is_settled(const mail::RecipientUpdate& change) {
  return change.state != mail::RecipientState::waiting;
}

// Recipients that wait afterwards.
std::uint32_t settle(LiveIndex::Side& side, const mail::Update& update) {
  for (const mail::RecipientUpdate& change : update.recipients) {
    if (change.index >= side.settled.size()) continue;
    const bool settled = is_settled(change);
    if (side.settled[change.index] == settled) continue;
    side.settled[change.index] = settled;
    settled ? --side.open : ++side.open;  // an administrator may set a recipient back to waiting
  }
  return side.open;
}

}  // namespace

NewLive new_live(const mail::Envelope& envelope, Place place, std::uint8_t flags) {
  NewLive message{.place = place,
                  .flags = flags,
                  .next_attempt = envelope.next_attempt,
                  .attempts = envelope.attempts,
                  .held = envelope.held,
                  .warned = envelope.warned};
  message.settled.reserve(envelope.recipients.size());
  for (const mail::Recipient& recipient : envelope.recipients)
    message.settled.push_back(recipient.state != mail::RecipientState::waiting);
  return message;
}

const LiveIndex::Side* LiveIndex::side(base::MessageId id) const {
  const auto found = sides_.find(id);
  return found == sides_.end() ? nullptr : &found->second;
}

LiveIndex::Side* LiveIndex::mutable_side(Live& live) {
  return live.has_side ? &sides_.find(live.id)->second : nullptr;
}

LiveIndex::Side& LiveIndex::make_side(Live& live) {
  if (live.has_side) return sides_.find(live.id)->second;
  live.has_side = true;
  Side& side = sides_[live.id];
  side.settled.assign(1, false);
  side.open = 1;
  return side;
}

std::vector<Place> LiveIndex::updates(const Live& live) const {
  std::vector<Place> places;
  if (live.has_side) places = side(live.id)->earlier;
  if (live.update.segment != 0) places.push_back(live.update);
  return places;
}

void LiveIndex::drop_updates(Live& live) {
  for (const Place& place : updates(live)) segments_.drop_update(place);
  live.update = {};
  Side* side = mutable_side(live);
  if (side == nullptr) return;
  side->earlier.clear();
  if (side->settled.size() == 1) drop_side(live);
}

void LiveIndex::drop_side(Live& live) {
  if (live.has_side) sides_.erase(live.id);
  live.has_side = false;
}

void LiveIndex::add(base::MessageId id, const NewLive& message) {
  Live* live = table_.find(id);
  if (live != nullptr) {
    segments_.drop_message(live->place);
    segments_.add_copy(message.place.segment, live->place.segment);
    drop_updates(*live);
  } else {
    live = &table_.insert(id);
  }
  segments_.add_message(message.place);
  live->place = message.place;
  live->flags = message.flags;
  live->next_attempt = message.next_attempt;
  live->attempts = message.attempts;
  live->held = message.held;
  live->warned = message.warned;
  live->updated = 0;
  if (message.settled.size() == 1) return drop_side(*live);
  Side& side = make_side(*live);
  side.settled = message.settled;
  side.open = static_cast<std::uint32_t>(std::ranges::count(message.settled, false));
}

// Names every recipient, so that no earlier update says anything of any that this one does not.
bool LiveIndex::covers(const Live& live, const mail::Update& update) const {
  const Side* more = live.has_side ? side(live.id) : nullptr;
  const std::size_t recipients = more == nullptr ? 1 : more->settled.size();
  if (update.recipients.size() < recipients) return false;
  if (recipients == 1) return std::ranges::any_of(update.recipients, [](const auto& c) { return c.index == 0; });
  std::set<std::uint32_t> named;
  for (const mail::RecipientUpdate& change : update.recipients)
    if (change.index < recipients) named.insert(change.index);
  return named.size() == recipients;
}

// True: somebody waits.
bool LiveIndex::take(Live& live, mail::Update& update) {
  take_fields(live, update);
  if (covers(live, update)) complete_fields(live, update);
  live.updated |= fields_of(update);
  if (Side* more = mutable_side(live)) return settle(*more, update) > 0;
  return std::ranges::none_of(update.recipients, [](const auto& c) { return c.index == 0 && is_settled(c); });
}

Effect LiveIndex::prepare(base::MessageId id, mail::Update& update) {
  Live* live = table_.find(id);
  if (live == nullptr || live->done) return Effect::none;
  if (take(*live, update)) return Effect::open;
  live->done = true;
  return Effect::done;
}

void LiveIndex::replay_update(base::MessageId id, Place place, const mail::Update& update) {
  Live* live = table_.find(id);
  if (live == nullptr) return;
  mail::Update known = update;  // take() adds what the record on disk may not say
  take(*live, known);
  add_update(id, place, update);
}

void LiveIndex::add_update(base::MessageId id, Place place, const mail::Update& update) {
  Live* live = table_.find(id);
  if (live == nullptr) return;
  // Fields that a later update, not yet durable, has set are missing here too: then the earlier ones stay, no harm.
  if (covers(*live, update) && (live->updated & ~fields_of(update)) == 0)
    drop_updates(*live);
  else if (live->update.segment != 0)
    make_side(*live).earlier.push_back(live->update);
  live->update = place;
  segments_.add_update(place);
}

void LiveIndex::replace_updates(base::MessageId id, Place place) {
  Live* live = table_.find(id);
  if (live == nullptr) return;
  drop_updates(*live);
  live->update = place;
  segments_.add_update(place);
}

void LiveIndex::finish(base::MessageId id, std::uint32_t segment) {
  Live* live = table_.find(id);
  if (live == nullptr) return;
  segments_.add_done(segment, live->place.segment);
  erase(*live);
}

void LiveIndex::erase(Live& live) {
  drop_updates(live);
  segments_.drop_message(live.place);
  drop_side(live);
  cached_.erase(live.id);
  table_.erase(live.id);
}

std::vector<LiveIndex::Needed> LiveIndex::needed_in(std::uint32_t segment, std::size_t part) const {
  std::vector<Needed> all;
  table_.for_each_in(part, [&](const Live& live) {
    if (live.place.segment == segment) all.push_back({live.id, live.place});
    for (const Place& update : updates(live))
      if (update.segment == segment) all.push_back({live.id, update});
  });
  return all;
}

void LiveIndex::forget(base::MessageId id) {
  if (Live* live = table_.find(id)) erase(*live);
}

bool LiveIndex::forget_update(base::MessageId id, Place place) {
  Live* live = table_.find(id);
  if (live == nullptr) return false;
  Side* side = mutable_side(*live);
  if (live->update == place) {
    live->update = {};
    if (side != nullptr && !side->earlier.empty()) {
      live->update = side->earlier.back();
      side->earlier.pop_back();
    }
  } else if (side == nullptr || std::erase(side->earlier, place) == 0) {
    return false;
  }
  segments_.drop_update(place);
  return true;
}

void LiveIndex::end_update(base::MessageId id) {
  const auto found = under_way_.find(id);
  if (found != under_way_.end() && --found->second == 0) under_way_.erase(found);
}

std::shared_ptr<const StoredMessage> LiveIndex::cached(base::MessageId id) const {
  const auto found = cached_.find(id);
  return found == cached_.end() ? nullptr : found->second;
}

void LiveIndex::cache(base::MessageId id, std::shared_ptr<const StoredMessage> message) {
  cached_.insert_or_assign(id, std::move(message));
}

}  // namespace godwit::spool
