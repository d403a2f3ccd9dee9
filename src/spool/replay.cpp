// SPDX-License-Identifier: Apache-2.0
#include "replay.hpp"

namespace godwit::spool {

void Replay::apply(std::uint32_t segment, std::string_view entries) {
  IndexReader reader(entries);
  while (const auto entry = reader.next()) {
    ++records_;
    ids_.observe(entry->id);
    const Place place{segment, entry->offset, entry->length};
    if (entry->type != RecordType::done) index_.segments().add_written(place, entry->summary.size());
    entry->type == RecordType::message ? apply_message(place, *entry) : apply_update(place, *entry);
  }
}

void Replay::miss(base::MessageId id, Place place) {
  ids_.observe(id);
  missed_[id] = place;
}

std::map<base::MessageId, Place> Replay::lost() const {
  auto lost = missed_;
  std::erase_if(lost, [this](const auto& missed) { return index_.find(missed.first) != nullptr; });
  return lost;
}

void Replay::apply_message(Place place, const IndexEntry& entry) {
  const bool is_message = entry.id.value != 0;  // no message has that id, whatever a segment's index says
  if (!is_message || !decode_summary(entry.summary, message_)) return;
  missed_.erase(entry.id);
  NewLive live{.place = place,
               .flags = entry.flags,
               .next_attempt = message_.next_attempt,
               .attempts = message_.attempts,
               .held = message_.held,
               .warned = message_.warned};
  for (const MessageSummary::Run& run : message_.recipients)
    live.settled.insert(live.settled.end(), run.count, run.state != mail::RecipientState::waiting);
  if ((entry.flags & body_is_large) != 0) large_[entry.id] = message_.body_size;
  index_.add(entry.id, live);
}

void Replay::apply_update(Place place, const IndexEntry& entry) {
  if (!decode_summary(entry.summary, update_)) return;
  if (entry.type == RecordType::done) missed_.erase(entry.id);
  if (index_.find(entry.id) == nullptr) {
    // Done before, or its segment is gone.  Where that is still there, this record may be the one that counts.
    if (entry.type == RecordType::done) index_.segments().add_done(place.segment, update_.holder);
    return;
  }
  if (entry.type == RecordType::done)
    index_.finish(entry.id, place.segment);
  else
    index_.replay_update(entry.id, place, update_.update);
}

}  // namespace godwit::spool
