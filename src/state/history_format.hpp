// SPDX-License-Identifier: Apache-2.0
// The bytes of the history's files; docs/history-format.md describes them.  Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/bytes.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/state/history_event.hpp"

namespace godwit::state {

inline constexpr std::string_view segment_magic = "GWHIST1\n";
inline constexpr std::string_view index_magic = "GWHIDX1\n";
inline constexpr std::string_view frame_magic = "GWFR";
inline constexpr std::size_t frame_header = 12;  // magic, length and CRC-32C of the payload
inline constexpr std::size_t usual_frame = 64U << 10U;
inline constexpr std::size_t largest_frame = 1U << 20U;
inline constexpr std::size_t longest_value = 16U << 10U;  // of a field; the rest is cut off
inline constexpr std::size_t most_ids = 4;

// ---- events

// The messages that an event belongs to.
struct EventIds {
  std::array<base::MessageId, most_ids> all{};
  std::size_t count = 0;
  std::span<const base::MessageId> span() const { return {all.data(), count}; }
};
EventIds ids_of(std::span<const log::Field> fields);
std::string encode_event(base::WallTime time, const EventIds& ids, std::string_view name,
                         std::span<const log::Field> fields);

struct FieldView {
  std::string_view name;
  std::optional<std::int64_t> number;
  std::string_view text;  // where it is no number
};
// One event where it lies; to be used again for the next.
struct EventView {
  base::WallTime time{};
  EventIds ids{};
  std::string_view name;
  std::vector<FieldView> fields;

  bool is_of(base::MessageId id) const;
  std::string_view text(std::string_view field) const;
  HistoryEvent copy() const;
};
// The next of a frame's payload.  false: there is none, or what follows is broken.
bool take_event(base::Cursor& payload, EventView& event);

// ---- frames

std::string frame_header_of(std::string_view payload);
// The length of the payload; nothing: this is no header.
struct FrameHeader {
  std::uint32_t length = 0;
  std::uint32_t checksum = 0;
};
std::optional<FrameHeader> read_frame_header(std::string_view bytes);

// ---- the index of a finished segment

struct IndexEntry {
  base::MessageId id{};
  std::uint32_t frame = 0;  // its offset
  auto operator<=>(const IndexEntry&) const = default;
};
// What is known of a segment without its index.
struct IndexHead {
  static constexpr std::size_t size = 44;
  base::WallTime first = base::WallTime::max(), last = base::WallTime::min();
  base::MessageId least{~std::uint64_t{0}}, greatest{};
  std::uint32_t entries = 0;

  void see(base::WallTime time, std::span<const base::MessageId> ids);
  bool may_have(base::MessageId id) const { return id >= least && id <= greatest; }
  std::size_t file_size() const { return size + std::size_t{12} * entries + 4; }
};
// Sorted, each once.
void tidy(std::vector<IndexEntry>& entries);
// Requires: tidy, and as many as the head says.
std::string encode_index(const IndexHead& head, std::span<const IndexEntry> entries);
std::optional<IndexHead> read_index_head(std::string_view bytes);
// Nothing: damaged.
std::optional<std::vector<IndexEntry>> read_index(std::string_view bytes);

}  // namespace godwit::state
