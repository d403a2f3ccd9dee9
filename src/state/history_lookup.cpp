// SPDX-License-Identifier: Apache-2.0
#include "history_lookup.hpp"

namespace godwit::state {
namespace {

bool is_damage(const base::Error& error) {
  return error.kind == base::ErrorKind::corrupt || error.kind == base::ErrorKind::invalid;
}

}  // namespace

bool HistoryLookup::open() {
  const auto generation = indexer_ ? indexer_->generation() : 0;
  if (index_ && generation == generation_) return true;
  index_.reset();
  if (generation == 0) return false;
  auto opened = HistoryIndex::open(indexer_->path());
  if (!opened) return false;
  index_ = std::move(*opened);
  generation_ = generation;
  return true;
}

template <class T, class Ask>
std::optional<T> HistoryLookup::ask(const Ask& question) {
  if (!open()) return {};
  auto answer = question(*index_);
  if (!answer && is_damage(answer.error())) indexer_->doubt();
  if (!answer || indexer_->generation() != generation_) return {};
  return std::move(*answer);
}

std::vector<IndexedPart> HistoryLookup::parts_of(std::uint32_t segment) {
  using Parts = std::vector<IndexedPart>;
  auto parts = ask<Parts>([&](HistoryIndex& index) { return index.parts_of(segment); }).value_or(Parts());
  for (auto& part : parts) part.generation = generation_;
  return parts;
}

std::optional<std::vector<std::uint32_t>> HistoryLookup::frames(const IndexedPart& part,
                                                                std::span<const TermPattern> patterns) {
  // An index made anew meanwhile has other numbers.
  if (patterns.empty() || !open() || part.generation != generation_) return {};
  return ask<std::vector<std::uint32_t>>([&](HistoryIndex& index) { return index.frames(part.number, patterns); });
}

}  // namespace godwit::state
