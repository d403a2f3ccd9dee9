// SPDX-License-Identifier: Apache-2.0
// Messages that are in work at this moment: however many of its destinations are under way at once, a message read back
// from the spool is one copy, kept up to date.  Home reactor.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::dispatch {

class WorkingCopies {
 public:
  using Message = std::shared_ptr<const spool::StoredMessage>;
  // A read of the spool may not see an update that is not on disk yet; one that began before it was is over by then.
  static constexpr base::Duration longest_read = std::chrono::seconds(5);

  // While one lives, one destination more of the message is in work.
  class Use {
   public:
    Use(WorkingCopies& copies, base::MessageId id) : copies_(copies), id_(id) { ++copies_.entries_[id].uses; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { copies_.end_use(id_); }

   private:
    WorkingCopies& copies_;
    base::MessageId id_;
  };

  // Null: not here.
  Message find(base::MessageId id) const;
  // As it was read, or as it was committed.  Gives what is to be used: updates that came meanwhile are in it, and it is
  // the copy of the others where there is one already.
  Message put(spool::StoredMessage message);
  // Another destination than the one that tells is in work.
  bool is_shared(base::MessageId id) const;
  // The spool is told the same.
  void update(base::MessageId id, const mail::Update& update, base::MonoTime now);
  // At `now` all is on disk that the spool was told before then.
  void recorded(base::MonoTime told_before, base::MonoTime now) { recorded_.push_back({told_before, now}); }
  // Nothing of the message waits any more.
  void forget(base::MessageId id);
  // Forgets updates that every read sees.  To be called now and then.
  void sweep(base::MonoTime now);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Timed {
    base::MonoTime time{};
    mail::Update update{};
  };
  struct Entry {
    std::size_t uses = 0;
    std::shared_ptr<spool::StoredMessage> message{};
    std::vector<Timed> recent{};  // the oldest first
  };
  void end_use(base::MessageId id);
  void advance(base::MonoTime now);

  std::unordered_map<base::MessageId, Entry> entries_;
  struct Recorded {
    base::MonoTime told_before{}, since{};
  };
  std::deque<Recorded> recorded_;
  base::MonoTime seen_{};  // by every read: what was told before
};

}  // namespace godwit::dispatch
