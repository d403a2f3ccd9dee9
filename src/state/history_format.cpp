// SPDX-License-Identifier: Apache-2.0
#include "history_format.hpp"

#include <algorithm>

#include "godwit/base/checksum.hpp"

namespace godwit::state {
namespace {

constexpr std::size_t most_fields = 255;
constexpr std::uint8_t text_value = 0;
constexpr std::uint8_t number_value = 1;

std::uint64_t to_number(base::WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

base::WallTime to_time(std::uint64_t number) {
  return base::WallTime(base::Duration(static_cast<std::int64_t>(number)));
}

void put_name(std::string& out, std::string_view name) {
  name = name.substr(0, 255);
  base::put(out, static_cast<std::uint8_t>(name.size()));
  out += name;
}

std::string_view text_of(const log::Field& field) {
  if (const auto* view = std::get_if<std::string_view>(&field.value)) return *view;
  if (const auto* owned = std::get_if<std::string>(&field.value)) return *owned;
  return {};
}

bool names_a_message(std::string_view field) {
  return field == "id" || field == "about" || field == "new_id";
}

}  // namespace

EventIds ids_of(std::span<const log::Field> fields) {
  EventIds ids;
  for (const auto& field : fields) {
    if (!names_a_message(field.name) || ids.count == most_ids) continue;
    if (const auto id = base::parse_message_id(text_of(field))) ids.all[ids.count++] = *id;
  }
  return ids;
}

std::string encode_event(base::WallTime time, const EventIds& ids, std::string_view name,
                         std::span<const log::Field> fields) {
  fields = fields.first(std::min(fields.size(), most_fields));
  std::string out(4, '\0');
  out.reserve(512);
  base::put(out, to_number(time));
  base::put(out, static_cast<std::uint8_t>(ids.count));
  for (const auto id : ids.span()) base::put(out, id.value);
  put_name(out, name);
  base::put(out, static_cast<std::uint8_t>(fields.size()));
  for (const auto& field : fields) {
    put_name(out, field.name);
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      base::put(out, number_value);
      base::put(out, static_cast<std::uint64_t>(*number));
      continue;
    }
    const auto text = text_of(field).substr(0, longest_value);
    base::put(out, text_value);
    base::put(out, static_cast<std::uint32_t>(text.size()));
    out += text;
  }
  base::put_at(out, 0, static_cast<std::uint32_t>(out.size() - 4));
  return out;
}

bool EventView::is_of(base::MessageId id) const {
  return std::ranges::find(ids.span(), id) != ids.span().end();
}

std::string_view EventView::text(std::string_view field) const {
  const auto found = std::ranges::find(fields, field, &FieldView::name);
  return found == fields.end() ? std::string_view() : found->text;
}

HistoryEvent EventView::copy() const {
  HistoryEvent event{
      .time = time, .ids = {ids.span().begin(), ids.span().end()}, .name = std::string(name), .fields = {}};
  for (const auto& field : fields) {
    auto& added = event.fields.emplace_back();
    added.name = field.name;
    if (field.number)
      added.value = *field.number;
    else
      added.value = std::string(field.text);
  }
  return event;
}

bool take_event(base::Cursor& payload, EventView& event) {
  if (payload.empty()) return false;
  base::Cursor in(payload.take_bytes(payload.take<std::uint32_t>()));
  event.time = to_time(in.take<std::uint64_t>());
  event.ids.count = std::min<std::size_t>(in.take<std::uint8_t>(), most_ids);
  for (std::size_t i = 0; i < event.ids.count; ++i) event.ids.all[i].value = in.take<std::uint64_t>();
  event.name = in.take_bytes(in.take<std::uint8_t>());
  event.fields.resize(in.take<std::uint8_t>());
  for (auto& field : event.fields) {
    field = {};
    field.name = in.take_bytes(in.take<std::uint8_t>());
    if (in.take<std::uint8_t>() == number_value)
      field.number = static_cast<std::int64_t>(in.take<std::uint64_t>());
    else
      field.text = in.take_bytes(in.take<std::uint32_t>());
  }
  return !payload.bad() && !in.bad();
}

// ---- frames

std::string frame_header_of(std::string_view payload) {
  std::string out(frame_magic);
  base::put(out, static_cast<std::uint32_t>(payload.size()));
  base::put(out, base::crc32c(payload));
  return out;
}

std::optional<FrameHeader> read_frame_header(std::string_view bytes) {
  if (bytes.size() < frame_header || !bytes.starts_with(frame_magic)) return {};
  const FrameHeader header{.length = base::get<std::uint32_t>(bytes, 4),
                           .checksum = base::get<std::uint32_t>(bytes, 8)};
  if (header.length > largest_frame) return {};
  return header;
}

// ---- index

void IndexHead::see(base::WallTime time, std::span<const base::MessageId> ids) {
  first = std::min(first, time);
  last = std::max(last, time);
  for (const auto id : ids) {
    least = std::min(least, id);
    greatest = std::max(greatest, id);
  }
}

void tidy(std::vector<IndexEntry>& entries) {
  std::ranges::sort(entries);
  entries.erase(std::ranges::unique(entries).begin(), entries.end());
}

std::string encode_index(const IndexHead& head, std::span<const IndexEntry> entries) {
  std::string out(index_magic);
  base::put(out, to_number(head.first));
  base::put(out, to_number(head.last));
  base::put(out, head.least.value);
  base::put(out, head.greatest.value);
  base::put(out, static_cast<std::uint32_t>(entries.size()));
  for (const auto& entry : entries) {
    base::put(out, entry.id.value);
    base::put(out, entry.frame);
  }
  base::put(out, base::crc32c(out));
  return out;
}

std::optional<IndexHead> read_index_head(std::string_view bytes) {
  if (bytes.size() < IndexHead::size || !bytes.starts_with(index_magic)) return {};
  base::Cursor in(bytes.substr(index_magic.size()));
  IndexHead head;
  head.first = to_time(in.take<std::uint64_t>());
  head.last = to_time(in.take<std::uint64_t>());
  head.least.value = in.take<std::uint64_t>();
  head.greatest.value = in.take<std::uint64_t>();
  head.entries = in.take<std::uint32_t>();
  return head;
}

std::optional<std::vector<IndexEntry>> read_index(std::string_view bytes) {
  const auto head = read_index_head(bytes);
  if (!head || bytes.size() != head->file_size()) return {};
  const auto covered = bytes.substr(0, bytes.size() - 4);
  if (base::get<std::uint32_t>(bytes, covered.size()) != base::crc32c(covered)) return {};
  base::Cursor in(covered.substr(IndexHead::size));
  std::vector<IndexEntry> entries(head->entries);
  for (auto& entry : entries) {
    entry.id.value = in.take<std::uint64_t>();
    entry.frame = in.take<std::uint32_t>();
  }
  return entries;
}

}  // namespace godwit::state
