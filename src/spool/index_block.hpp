// SPDX-License-Identifier: Apache-2.0
// The index that ends a sealed segment: one entry a record, with what start-up and queue selections ask, so that they
// need not read bodies.  A message's entry tells its state when it was written; entries of later updates tell the rest.
// Pure; nothing here trusts a length.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/mail/envelope.hpp"

namespace godwit::spool {

// What the entry of a message says besides its place.  The views point into the index.
struct MessageSummary {
  struct Run {  // recipients that follow each other with the same domain and state
    std::uint32_t domain = 0;
    mail::RecipientState state = mail::RecipientState::waiting;
    std::uint32_t count = 0;
    bool operator==(const Run&) const = default;
  };
  base::WallTime accepted{};
  base::WallTime next_attempt{};
  std::uint32_t attempts = 0;
  std::uint64_t body_size = 0;
  std::uint32_t waiting = 0;  // recipients
  bool held = false;
  bool warned = false;
  bool bounce = false;
  base::WallTime release{};                     // epoch: none
  std::optional<mail::DeliverBy> deliver_by{};  // without `trace`
  std::int8_t priority = 0;
  std::string_view sender{};                // "" for <>
  std::vector<std::string_view> domains{};  // of all recipients, sorted, each once
  std::vector<Run> recipients{};
};

// Made where the record is made.  `holder`: the segment of the message's record.
std::string summarise(const mail::Envelope& envelope, std::uint64_t body_size);
std::string summarise(const mail::Update& update, std::uint32_t holder);

struct IndexEntry {
  RecordType type = RecordType::message;
  std::uint8_t flags = 0;
  base::MessageId id;
  std::uint32_t offset = 0;  // of the record header in the segment
  std::uint32_t length = 0;  // of the payload
  std::string_view summary{};
};
std::string encode(const IndexEntry& entry);
// Size of an entry with such a summary.
constexpr std::size_t index_entry_size(std::size_t summary) {
  return 22 + summary;
}
// Of the summary of an update that names no recipient.
inline constexpr std::size_t empty_update_summary = 21;

// Takes the entries of an index one after the other.
class IndexReader {
 public:
  explicit IndexReader(std::string_view index) : rest_(index) {}
  // Empty at the end, and where the index is malformed.
  std::optional<IndexEntry> next();
  bool malformed() const { return malformed_; }

 private:
  std::string_view rest_;
  bool malformed_ = false;
};

// False: malformed, or written by a version whose summaries said less.  `into` is overwritten; its memory is used
// again.
bool decode_summary(std::string_view bytes, MessageSummary& into);
struct UpdateSummary {
  std::uint32_t holder = 0;
  mail::Update update{};  // without replies
};
bool decode_summary(std::string_view bytes, UpdateSummary& into);

// Every entry can be read and says all that this version knows.
bool is_complete_index(std::string_view index);

}  // namespace godwit::spool
