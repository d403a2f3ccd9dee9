// SPDX-License-Identifier: Apache-2.0
#include "segments.hpp"

#include <algorithm>

#include "index_block.hpp"
#include "record.hpp"

namespace godwit::spool {
namespace {

// As compaction writes them, with the entry in the index.
constexpr std::uint64_t done_size = record_size(0) + index_entry_size(empty_update_summary);

// Emptying a fuller segment would write nearly as much as it frees.
constexpr bool pays(std::uint64_t needed, std::uint64_t capacity) {
  return needed < capacity / 5 * 4;
}

}  // namespace

std::uint64_t SegmentState::needed_bytes() const {
  return bytes + (written == 0 ? 0 : bytes * indexed / written) + done_count * done_size;
}

void Segments::set_capacity(std::uint32_t number, std::uint64_t capacity) {
  SegmentState& state = all_[number];
  bytes_used_ += capacity - state.capacity;  // modulo 2^64
  if (state.is_fixed()) bytes_fixed_ += capacity - state.capacity;
  state.capacity = capacity;
}

void Segments::pin(std::uint32_t number) {
  SegmentState& state = all_[number];
  if (!state.is_fixed()) bytes_fixed_ += state.capacity;
  state.pinned = true;
}

void Segments::not_removed(std::uint32_t number) {
  SegmentState& state = all_[number];
  if (!state.is_fixed()) bytes_fixed_ += state.capacity;
  state.immovable = true;
}

const SegmentState* Segments::find(std::uint32_t number) const {
  const auto found = all_.find(number);
  return found == all_.end() ? nullptr : &found->second;
}

void Segments::add_written(const Place& place, std::size_t summary) {
  SegmentState& state = all_[place.segment];
  state.written += record_size(place.length);
  state.indexed += index_entry_size(summary);
}

void Segments::add_message(const Place& place) {
  SegmentState& state = all_[place.segment];
  ++state.messages;
  state.bytes += record_size(place.length);
  bytes_live_ += record_size(place.length);
}

void Segments::drop_message(const Place& place) {
  SegmentState& state = all_[place.segment];
  --state.messages;
  drop(state, place);
}

void Segments::drop(SegmentState& state, const Place& place) {
  state.bytes -= record_size(place.length);
  bytes_live_ -= record_size(place.length);
  emptied_ |= state.messages == 0 && state.updates == 0;
}

void Segments::add_update(const Place& place) {
  SegmentState& state = all_[place.segment];
  ++state.updates;
  state.bytes += record_size(place.length);
  bytes_live_ += record_size(place.length);
}

void Segments::drop_update(const Place& place) {
  if (place.segment == 0) return;
  SegmentState& state = all_[place.segment];
  --state.updates;
  drop(state, place);
}

void Segments::add_done(std::uint32_t segment, std::uint32_t holder) {
  if (segment == holder || !all_.contains(holder)) return;
  SegmentState& state = all_[segment];
  ++state.dones[holder];
  ++state.done_count;
}

void Segments::dones_moved(std::uint32_t segment) {
  const auto found = all_.find(segment);
  if (found == all_.end()) return;  // its last message moved too, and it was removed since
  found->second.dones.clear();
  found->second.done_count = 0;
  emptied_ = true;
}

void Segments::add_copy(std::uint32_t segment, std::uint32_t original) {
  std::vector<std::uint32_t>& from = all_[segment].copied_from;
  if (segment != original && std::ranges::find(from, original) == from.end()) from.push_back(original);
}

std::vector<std::uint32_t> Segments::removable() const {
  std::vector<std::uint32_t> numbers;
  for (const auto& [number, state] : all_)
    if (state.sealed && !state.pinned && state.messages == 0 && state.updates == 0 && state.dones.empty() &&
        state.copied_from.empty())
      numbers.push_back(number);
  return numbers;
}

void Segments::removed(std::uint32_t number) {
  set_capacity(number, 0);
  all_.erase(number);
  for (auto& [other, state] : all_) {
    if (const auto about = state.dones.find(number); about != state.dones.end()) {
      state.done_count -= about->second;
      state.dones.erase(about);
    }
    std::erase(state.copied_from, number);
  }
}

// A copy's segment can't go before its originals', which are always older, so this ends.  Null: it can't go at all.
const Segments::SegmentNumbered* Segments::first_to_go(const SegmentNumbered& segment) const {
  const SegmentNumbered* first = &segment;
  while (!first->second.copied_from.empty()) {
    const auto original = all_.find(first->second.copied_from.front());
    if (original == all_.end()) return nullptr;
    first = &*original;
  }
  return first->second.is_fixed() ? nullptr : first;
}

std::optional<std::uint32_t> Segments::emptiest() const {
  const SegmentNumbered* best = nullptr;
  double least = 0;
  for (const SegmentNumbered& one : all_) {
    const SegmentState& state = one.second;
    const std::uint64_t needed = state.needed_bytes();
    if (!state.sealed || state.pinned || !pays(needed, state.capacity)) continue;
    // By the part, not by the bytes: a short segment is soon emptied, but frees little.
    const double part = static_cast<double>(needed) / static_cast<double>(state.capacity);
    if (best != nullptr && part >= least) continue;
    const SegmentNumbered* first = first_to_go(one);
    if (first == nullptr) continue;
    best = first;
    least = part;
  }
  if (best == nullptr) return {};
  return best->first;
}

}  // namespace godwit::spool
