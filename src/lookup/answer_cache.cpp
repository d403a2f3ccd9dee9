// SPDX-License-Identifier: Apache-2.0
#include "godwit/lookup/answer_cache.hpp"

namespace godwit::lookup {

std::optional<Answer> AnswerCache::recall(const std::string& key, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto* kept = kept_.find(key);
  if (kept == nullptr || kept->until <= now) return {};
  return kept_.touch(key).answer;
}

void AnswerCache::remember(const std::string& key, const Answer& answer, base::MonoTime now) {
  if (answer.kind == Answer::Kind::unavailable) return;
  const auto time = answer.kind == Answer::Kind::present ? settings_.present : settings_.absent;
  const std::lock_guard lock(mutex_);
  if (time <= base::Duration::zero() || settings_.entries == 0) return kept_.erase(key);
  auto& kept = kept_.touch(key);
  kept.answer = answer;
  kept.until = now + time;
}

}  // namespace godwit::lookup
