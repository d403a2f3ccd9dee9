// SPDX-License-Identifier: Apache-2.0
// Message id → what the spool must know of a live message, 48 bytes each, by open addressing: no node, no pointer. Many
// small tables instead of a large one, so that growing moves a few thousand entries at a time and holds up nobody; they
// are 61 % to 80 % full, which makes at most 79 bytes a message.  Not thread-safe: the caller holds the lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"

namespace godwit::spool {

struct Place {
  std::uint32_t segment = 0;  // 0: nowhere
  std::uint32_t offset = 0;   // of the record header
  std::uint32_t length = 0;   // of the payload
  bool operator==(const Place&) const = default;
};

struct Live {
  base::MessageId id{};
  Place place{};
  Place update{};  // the last durable one that is needed besides the record; earlier ones are in the side table
  base::WallTime next_attempt{};
  std::uint32_t attempts = 0;
  std::uint8_t flags = 0;    // of the record
  std::uint8_t updated = 0;  // fields that updates since the record have set, as index_fields below
  bool held : 1 = false;
  bool warned : 1 = false;
  bool done : 1 = false;      // its done record is under way
  bool has_side : 1 = false;  // several recipients, or several updates that are needed
};
static_assert(sizeof(Live) == 48);

class MessageTable {
 public:
  // Valid until the next insert or erase.
  Live* find(base::MessageId id);
  const Live* find(base::MessageId id) const { return const_cast<MessageTable*>(this)->find(id); }
  // Requires: it is not there.
  Live& insert(base::MessageId id);
  void erase(base::MessageId id);
  static constexpr std::size_t parts = 256;
  // Those of a part, in no order; `each` changes nothing.
  template <class Each>
  void for_each_in(std::size_t part, Each each) const {
    for (const Live& slot : parts_[part].slots)
      if (slot.id != base::MessageId{}) each(slot);
  }
  std::size_t size() const { return size_; }
  std::size_t bytes() const;

 private:
  struct Part {
    std::vector<Live> slots;  // id 0: free
    std::size_t used = 0;
  };
  static std::uint64_t hash(base::MessageId id);
  static std::size_t home(const Part& part, std::uint64_t hash);
  static std::size_t slot_of(const Part& part, base::MessageId id, std::uint64_t hash);
  static void resize(Part& part, std::size_t slots);
  Part& part_of(std::uint64_t hash) { return parts_[hash >> 56U]; }

  std::array<Part, parts> parts_;
  std::size_t size_ = 0;
};

}  // namespace godwit::spool
