// SPDX-License-Identifier: Apache-2.0
// Who is to be told of mail that was held, and when: each recipient once in an interval, of all that came meanwhile.
// Bounded; time comes in.  Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"

namespace godwit::dispatch {

class NoticeBook {
 public:
  static constexpr std::size_t most_recipients = 10'000;
  static constexpr std::size_t most_listed = 20;  // of one recipient; of more only how many there are

  // One notice that is due.
  struct Notice {
    std::string recipient;  // its address
    std::vector<base::MessageId> ids{};
    std::size_t more = 0;  // messages that are not listed
  };

  // False: there are too many recipients who wait, and this one will not be told.  Where it is full of others, it
  // forgets when those were told.
  bool add(const std::string& recipient, base::MessageId id);
  // Those that are due; they count as told now.
  std::vector<Notice> take_due(base::WallTime now, base::Duration interval);
  // It could not be told: it is tried again after the interval.
  void put_back(const Notice& notice);
  // When the next one is due; nothing: nobody waits.
  std::optional<base::WallTime> next_due(base::Duration interval) const;
  // Also of what it has forgotten: false.
  bool was_told_since(const std::string& recipient, base::WallTime time) const;
  // The youngest message that was ever added.
  base::MessageId youngest() const { return youngest_; }

  // A line each; what cannot be read is passed over.  youngest: what will be read back as such.
  std::string encode(base::MessageId youngest) const;
  void decode(std::string_view text);

 private:
  struct Entry {
    base::WallTime told{};  // last; epoch: never
    std::vector<base::MessageId> ids{};
    std::size_t more = 0;
    bool waits() const { return !ids.empty() || more > 0; }
  };
  bool has_room();
  std::map<std::string, Entry> entries_;
  bool all_wait_ = false;  // since it was full
  base::MessageId youngest_{};
};

}  // namespace godwit::dispatch
