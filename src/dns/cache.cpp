// SPDX-License-Identifier: Apache-2.0
#include "cache.hpp"

#include <utility>

namespace godwit::dns {

void Cache::erase(std::map<Question, Entries::iterator>::iterator it) {
  entries_.erase(it->second);
  by_question_.erase(it);
}

const Cache::Entry* Cache::find(const Question& question, base::MonoTime now) {
  const auto it = by_question_.find(question);
  if (it == by_question_.end()) return nullptr;
  if (it->second->expires <= now) {
    erase(it);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, it->second);
  return &*it->second;
}

void Cache::insert(const Question& question, std::shared_ptr<const Outcome> outcome, base::MonoTime now) {
  if (const auto old = by_question_.find(question); old != by_question_.end()) erase(old);
  if (limit_ == 0 || outcome->ttl <= std::chrono::seconds(0)) return;
  if (entries_.size() >= limit_) erase(by_question_.find(entries_.back().question));
  const auto expires = now + outcome->ttl;
  entries_.push_front({.question = question, .outcome = std::move(outcome), .expires = expires});
  by_question_.emplace(question, entries_.begin());
}

void Cache::clear() {
  by_question_.clear();
  entries_.clear();
}

}  // namespace godwit::dns
