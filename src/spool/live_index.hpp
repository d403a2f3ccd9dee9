// SPDX-License-Identifier: Apache-2.0
// What is live and where it lies: message id → place of its record and of its updates, which recipients are open, the
// state that updates change; and per segment what keeps it from being removed.  Changed by the committer (and recovery)
// only, read from any thread: the caller holds the lock.
//
// A message with one recipient costs a slot of the table and nothing else; the side table knows the rest.  prepare()
// is called when an update is about to be written, the others when records are durable.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "godwit/mail/envelope.hpp"
#include "godwit/spool/spool.hpp"
#include "message_table.hpp"
#include "segments.hpp"

namespace godwit::spool {

// What a message record says of its message, from the envelope or from an index entry.
struct NewLive {
  Place place;
  std::uint8_t flags = 0;
  base::WallTime next_attempt{};
  std::uint32_t attempts = 0;
  bool held = false;
  bool warned = false;
  std::vector<bool> settled{};  // by recipient
};
NewLive new_live(const mail::Envelope& envelope, Place place, std::uint8_t flags);

enum class Effect { none, open, done };  // the message is not live, lives on, is done

class LiveIndex {
 public:
  struct Side {
    std::vector<bool> settled;  // by recipient
    std::uint32_t open = 0;
    std::vector<Place> earlier;  // updates that are needed besides Live::update, in order
  };

  const Live* find(base::MessageId id) const { return table_.find(id); }
  // Null: one recipient, at most one update.
  const Side* side(base::MessageId id) const;
  // All updates that are needed, in order.
  std::vector<Place> updates(const Live& live) const;
  // The places in a segment of what is needed of it: of messages, and of updates.  A part of them at a time, as a lock
  // is not to be held while all are looked at.
  struct Needed {
    base::MessageId id;
    Place place;
  };
  static constexpr std::size_t parts = MessageTable::parts;
  std::vector<Needed> needed_in(std::uint32_t segment, std::size_t part) const;
  std::size_t size() const { return table_.size(); }

  // A message record.  Of a message that is live already: a copy, which says all that the record and its updates said.
  void add(base::MessageId id, const NewLive& message);

  // Takes over what the update changes; makes it say all that earlier ones said, where it can, so that they are needed
  // no more.  Ends in add_update() or finish() when its record is durable.
  Effect prepare(base::MessageId id, mail::Update& update);
  void add_update(base::MessageId id, Place place, const mail::Update& update);
  // An update record found at a start.  It never makes a message done, that takes a done record: where compaction has
  // written an earlier update behind a later one, what the first of them makes of the message never was.
  void replay_update(base::MessageId id, Place place, const mail::Update& update);
  // A done record at `segment`: the message is live no more.
  void finish(base::MessageId id, std::uint32_t segment);
  // An update that says what all others of the message said.
  void replace_updates(base::MessageId id, Place place);
  // Live no more, though no record says so: what can't be read is with the quarantine.
  void forget(base::MessageId id);
  // The same for an update; false: it was not needed.
  bool forget_update(base::MessageId id, Place place);

  // Between prepare() and its end: the records on disk say less than what is known.
  void begin_update(base::MessageId id) { ++under_way_[id]; }
  void end_update(base::MessageId id);
  bool is_updating(base::MessageId id) const { return under_way_.contains(id); }

  Segments& segments() { return segments_; }
  const Segments& segments() const { return segments_; }

  // Bodies just accepted, for reads without the disk.
  std::shared_ptr<const StoredMessage> cached(base::MessageId id) const;
  void cache(base::MessageId id, std::shared_ptr<const StoredMessage> message);
  // Forgets the oldest while `over` says so.
  template <class Over>
  void evict(Over over) {
    while (!cached_.empty() && over()) cached_.erase(cached_.begin());
  }

  std::size_t bytes() const { return table_.bytes(); }

 private:
  Side* mutable_side(Live& live);
  Side& make_side(Live& live);
  void drop_updates(Live& live);
  void drop_side(Live& live);
  bool take(Live& live, mail::Update& update);
  bool covers(const Live& live, const mail::Update& update) const;
  void erase(Live& live);

  MessageTable table_;
  // Looked up by id only; never walked.
  std::unordered_map<base::MessageId, Side> sides_;
  std::unordered_map<base::MessageId, std::uint32_t> under_way_;
  std::map<base::MessageId, std::shared_ptr<const StoredMessage>> cached_;
  Segments segments_;
};

}  // namespace godwit::spool
