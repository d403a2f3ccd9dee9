// SPDX-License-Identifier: Apache-2.0
#include "message_table.hpp"

#include <cassert>
#include <utility>

namespace godwit::spool {
namespace {

constexpr std::size_t smallest = 16;

constexpr bool is_full(std::size_t used, std::size_t slots) {
  return used * 10 >= slots * 8;
}

}  // namespace

// Ids count up: the multiplication spreads neighbours over all parts.
std::uint64_t MessageTable::hash(base::MessageId id) {
  std::uint64_t value = id.value * 0x9E3779B97F4A7C15U;
  value ^= value >> 32U;
  return value * 0xD6E8FEB86659FD93U;
}

// Any number of slots, not only powers of two: tables grow by a third.
std::size_t MessageTable::home(const Part& part, std::uint64_t hash) {
  return static_cast<std::size_t>((hash & 0xFFFFFFFFU) * part.slots.size() >> 32U);
}

std::size_t MessageTable::slot_of(const Part& part, base::MessageId id, std::uint64_t hash) {
  std::size_t at = home(part, hash);
  while (part.slots[at].id != id && part.slots[at].id.value != 0) at = at + 1 == part.slots.size() ? 0 : at + 1;
  return at;
}

Live* MessageTable::find(base::MessageId id) {
  const std::uint64_t h = hash(id);
  Part& part = part_of(h);
  if (part.slots.empty() || id.value == 0) return nullptr;
  Live& live = part.slots[slot_of(part, id, h)];
  return live.id == id ? &live : nullptr;
}

void MessageTable::resize(Part& part, std::size_t slots) {
  std::vector<Live> old = std::exchange(part.slots, std::vector<Live>(slots));
  for (const Live& live : old)
    if (live.id.value != 0) part.slots[slot_of(part, live.id, hash(live.id))] = live;
}

Live& MessageTable::insert(base::MessageId id) {
  assert(id.value != 0);
  const std::uint64_t h = hash(id);
  Part& part = part_of(h);
  if (is_full(part.used + 1, part.slots.size())) resize(part, std::max(smallest, part.slots.size() * 4 / 3));
  Live& live = part.slots[slot_of(part, id, h)];
  assert(live.id != id);
  live = Live{.id = id};
  ++part.used;
  ++size_;
  return live;
}

void MessageTable::erase(base::MessageId id) {
  const std::uint64_t h = hash(id);
  Part& part = part_of(h);
  if (part.slots.empty()) return;
  std::size_t hole = slot_of(part, id, h);
  if (part.slots[hole].id != id) return;
  // What follows without a gap moves up, unless it would come before its home: no mark of the erased one remains.
  const std::size_t count = part.slots.size();
  for (std::size_t at = (hole + 1) % count; part.slots[at].id.value != 0; at = (at + 1) % count) {
    const std::size_t wanted = home(part, hash(part.slots[at].id));
    const std::size_t distance = (at + count - wanted) % count;
    if (distance < (at + count - hole) % count) continue;
    part.slots[hole] = part.slots[at];
    hole = at;
  }
  part.slots[hole] = Live{};
  --part.used;
  --size_;
  if (count > smallest && part.used * 4 < count) resize(part, std::max(smallest, count / 2));
}

std::size_t MessageTable::bytes() const {
  std::size_t slots = 0;
  for (const Part& part : parts_) slots += part.slots.capacity();
  return slots * sizeof(Live);
}

}  // namespace godwit::spool
