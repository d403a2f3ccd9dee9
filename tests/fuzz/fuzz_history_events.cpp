// SPDX-License-Identifier: Apache-2.0
// Whatever a frame of the history holds, its events are read one after the other to the first that is broken, and each
// reads as the same when it is written again; an index is read or refused.
#include "fuzz/fuzz.hpp"
#include "state/history_format.hpp"

namespace godwit::fuzz {
namespace {

using namespace state;

std::string written(const EventView& event) {
  std::vector<log::Field> fields;
  for (const auto& field : event.fields) {
    if (field.number)
      fields.emplace_back(field.name, *field.number);
    else
      fields.emplace_back(field.name, field.text);
  }
  return encode_event(event.time, event.ids, event.name, fields);
}

}  // namespace

void fuzz_history_events(std::string_view input) {
  base::Cursor payload(input);
  for (EventView event; take_event(payload, event);) {
    require(event.ids.count <= most_ids);
    const auto bytes = written(event);
    base::Cursor again(bytes);
    EventView same;
    require(take_event(again, same) && same.time == event.time && same.name == event.name);
    require(same.fields.size() == event.fields.size() && written(same) == bytes);
    (void)event.copy();
  }
  (void)read_frame_header(input);
  const auto head = read_index_head(input);
  const auto index = read_index(input);
  if (index) require(head && encode_index(*head, *index) == input && std::ranges::is_sorted(*index));
}

}  // namespace godwit::fuzz
