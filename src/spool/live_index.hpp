// SPDX-License-Identifier: Apache-2.0
// What is live and where it lies: message id → place of its record and of its updates, which recipients are open, and
// per segment what keeps it from being removed.  Changed by the committer (and recovery) only, read from any thread:
// the caller holds the lock.
//
// A done or update record is live until the removal of the segment that holds its message is durable; else a crash
// could bring the message back without what happened to it.  So a segment that holds such records depends on the
// messages' segments.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "format.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::spool {

struct Place {
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;  // of the record header
  std::uint32_t length = 0;  // of the payload
};

struct Live {
  Place place;
  std::uint8_t flags = 0;
  std::uint64_t body_size = 0;
  std::uint32_t open = 0;                       // recipients that wait
  std::vector<bool> settled;                    // by recipient
  bool done = false;                            // its done record is under way
  std::vector<Place> updates;                   // durable ones, in order
  std::shared_ptr<const StoredMessage> cached;  // while the memory budget allows
};

// Marks the recipients that an update settles; true when none is left open.
bool settle(Live& live, const mail::Update& update);
// The state that an envelope's recipients are in.
void set_recipients(Live& live, const mail::Envelope& envelope);

struct SegmentState {
  bool sealed = false;
  std::uint64_t capacity = 0;
  std::uint64_t live = 0;            // messages
  std::uint64_t bytes_live = 0;      // of their records
  std::set<std::uint32_t> depends;   // segments whose messages its updates and dones speak of
  std::shared_ptr<disk::File> file;  // for reading
};

class LiveIndex {
 public:
  Live* find(base::MessageId id);
  // A message record; one of the same id is replaced (a copy made by compaction).
  Live& add(base::MessageId id, Live live);
  void add_update(base::MessageId id, Place place);
  // A done record at `segment`: the message is live no more.  Unknown: nothing.  True: its segment has no live one
  // left.
  bool finish(base::MessageId id, std::uint32_t segment);
  // Live no more, though its record is not done: its segment stays.
  void forget(base::MessageId id) { messages_.erase(id); }
  // A done or update record at `segment` about a message that lies, or lay, in `holder`.
  void depend(std::uint32_t segment, std::uint32_t holder);

  SegmentState& segment(std::uint32_t number) { return segments_[number]; }
  const SegmentState* find_segment(std::uint32_t number) const;
  // Sealed, and nothing in it is needed any more.
  std::vector<std::uint32_t> removable() const;
  // The removal is durable.
  void removed(std::uint32_t number);

  const std::map<base::MessageId, Live>& messages() const { return messages_; }
  const std::map<std::uint32_t, SegmentState>& segments() const { return segments_; }
  // Forgets the oldest cached bodies while `over` says so.
  template <class Over>
  void evict(Over over) {
    while (!cached_.empty() && over()) {
      if (Live* live = find(*cached_.begin())) live->cached.reset();
      cached_.erase(cached_.begin());
    }
  }

 private:
  std::map<base::MessageId, Live> messages_;
  std::map<std::uint32_t, SegmentState> segments_;
  std::set<base::MessageId> cached_;
};

}  // namespace godwit::spool
