// SPDX-License-Identifier: Apache-2.0
// The items in order of message id, then of destination: sorted chunks, so that an item costs twelve bytes and no
// allocation of its own, ids that grow are appended, and one that leaves the middle moves at most a chunk.
// `NameOf` gives an item's destination by its index.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "godwit/base/message_id.hpp"
#include "slab.hpp"

namespace godwit::queue {

template <class NameOf>
class IdIndex {
 public:
  explicit IdIndex(NameOf name_of) : name_of_(std::move(name_of)) {}

  std::size_t size() const { return size_; }

  Index find(base::MessageId id, std::string_view name) const {
    const Place place = lower_bound(id.value, name);
    if (!valid(place) || id_at(place) != id.value) return no_index;
    const Index index = index_at(place);
    return name_of_(index) == name ? index : no_index;
  }
  // Requires: its (id, destination) is not there yet.
  void insert(base::MessageId id, Index index) {
    Place place = lower_bound(id.value, name_of_(index));
    if (chunks_.empty()) chunks_.push_back(Ref{id.value, std::make_unique<Chunk>()});
    if (place.chunk == chunks_.size()) place = {chunks_.size() - 1, chunks_.back().chunk->size};
    // A place at the start of a chunk is as well the end of the one before, which may have room.
    if (place.at == 0 && place.chunk > 0 && chunks_[place.chunk - 1].chunk->size < capacity)
      place = {place.chunk - 1, chunks_[place.chunk - 1].chunk->size};
    if (chunks_[place.chunk].chunk->size == capacity) place = split(place);
    Chunk& chunk = *chunks_[place.chunk].chunk;
    std::copy_backward(&chunk.ids[place.at], &chunk.ids[chunk.size], &chunk.ids[chunk.size] + 1);
    std::copy_backward(&chunk.indexes[place.at], &chunk.indexes[chunk.size], &chunk.indexes[chunk.size] + 1);
    chunk.ids[place.at] = id.value;
    chunk.indexes[place.at] = index;
    ++chunk.size;
    ++size_;
    chunks_[place.chunk].first = chunk.ids[0];
  }
  // Requires: it is there.  Before the item itself goes.
  void erase(base::MessageId id, Index index) {
    const Place place = lower_bound(id.value, name_of_(index));
    Chunk& chunk = *chunks_[place.chunk].chunk;
    std::copy(&chunk.ids[place.at] + 1, &chunk.ids[chunk.size], &chunk.ids[place.at]);
    std::copy(&chunk.indexes[place.at] + 1, &chunk.indexes[chunk.size], &chunk.indexes[place.at]);
    --chunk.size;
    --size_;
    chunks_[place.chunk].first = chunk.ids[0];
    if (chunk.size == 0) {
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(place.chunk));
    } else if (chunk.size < capacity / 4) {
      merge(place.chunk);
      if (place.chunk > 0) merge(place.chunk - 1);
    }
  }
  // From the first that is (id, name) or later, in order, until `each` gives false.
  template <class Each>
  void for_each_from(base::MessageId id, std::string_view name, Each each) const {
    for (Place place = lower_bound(id.value, name); valid(place); advance(place))
      if (!each(base::MessageId{id_at(place)}, index_at(place))) return;
  }
  bool valid_order() const {
    std::size_t seen = 0;
    Place before{};
    for (Place place{}; valid(place); before = place, advance(place), ++seen) {
      if (place.at == 0 && chunks_[place.chunk].first != id_at(place)) return false;
      if (seen > 0 && !less(before, id_at(place), name_of_(index_at(place)))) return false;
    }
    return seen == size_;
  }

 private:
  static constexpr std::size_t capacity = 256;
  struct Chunk {
    std::size_t size = 0;
    std::array<std::uint64_t, capacity + 1> ids;  // one more, so that the end has an address
    std::array<Index, capacity + 1> indexes;
  };
  struct Ref {
    std::uint64_t first;  // id, here too, so that the search reads one array
    std::unique_ptr<Chunk> chunk;
  };
  struct Place {
    std::size_t chunk = 0;
    std::size_t at = 0;
  };

  bool valid(const Place& place) const { return place.chunk < chunks_.size(); }
  std::uint64_t id_at(const Place& place) const { return chunks_[place.chunk].chunk->ids[place.at]; }
  Index index_at(const Place& place) const { return chunks_[place.chunk].chunk->indexes[place.at]; }
  void advance(Place& place) const {
    if (++place.at == chunks_[place.chunk].chunk->size) place = {place.chunk + 1, 0};
  }
  bool less(const Place& place, std::uint64_t id, std::string_view name) const {
    return id_at(place) != id ? id_at(place) < id : name_of_(index_at(place)) < name;
  }
  // The first place that is not less; the start of a chunk rather than the end of the one before.
  Place lower_bound(std::uint64_t id, std::string_view name) const {
    const auto starts_before = [&](const Ref& ref) {
      return ref.first != id ? ref.first < id : name_of_(ref.chunk->indexes[0]) < name;
    };
    const auto after = std::partition_point(chunks_.begin(), chunks_.end(), starts_before);
    if (after == chunks_.begin()) return {};
    const auto chunk = static_cast<std::size_t>(after - chunks_.begin()) - 1;
    std::size_t low = 0;
    for (std::size_t high = chunks_[chunk].chunk->size; low < high;) {
      const std::size_t middle = (low + high) / 2;
      if (less({chunk, middle}, id, name))
        low = middle + 1;
      else
        high = middle;
    }
    return low == chunks_[chunk].chunk->size ? Place{chunk + 1, 0} : Place{chunk, low};
  }
  // Makes room at a place in a full chunk.  At its end (ids grow) nothing moves, so that chunks become full.
  Place split(Place place) {
    auto added = std::make_unique<Chunk>();
    Chunk& full = *chunks_[place.chunk].chunk;
    const std::size_t from = place.at == capacity ? capacity : capacity / 2;
    added->size = capacity - from;
    std::copy(&full.ids[from], &full.ids[capacity], added->ids.data());
    std::copy(&full.indexes[from], &full.indexes[capacity], added->indexes.data());
    full.size = from;
    const auto next = chunks_.begin() + static_cast<std::ptrdiff_t>(place.chunk) + 1;
    chunks_.insert(next, Ref{added->ids[0], std::move(added)});
    return place.at <= from && from < capacity ? place : Place{place.chunk + 1, place.at - from};
  }
  void merge(std::size_t at) {
    if (at + 1 >= chunks_.size()) return;
    Chunk& left = *chunks_[at].chunk;
    const Chunk& right = *chunks_[at + 1].chunk;
    if (left.size + right.size > capacity * 3 / 4) return;
    std::copy_n(right.ids.data(), right.size, &left.ids[left.size]);
    std::copy_n(right.indexes.data(), right.size, &left.indexes[left.size]);
    left.size += right.size;
    chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }

  NameOf name_of_;
  std::vector<Ref> chunks_;
  std::size_t size_ = 0;
};

}  // namespace godwit::queue
