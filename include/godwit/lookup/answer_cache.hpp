// SPDX-License-Identifier: Apache-2.0
// Answers that need not be asked for again for a while: present and absent ones, never an outage.  Bounded: what was
// used longest ago goes first.  Time comes in.  Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "godwit/base/clock.hpp"
#include "godwit/base/recent_map.hpp"
#include "godwit/lookup/settings.hpp"
#include "godwit/lookup/table.hpp"

namespace godwit::lookup {

class AnswerCache {
 public:
  explicit AnswerCache(const CacheSettings& settings) : settings_(settings), kept_(settings.entries) {}
  std::optional<Answer> recall(const std::string& key, base::MonoTime now);
  void remember(const std::string& key, const Answer& answer, base::MonoTime now);

 private:
  struct Kept {
    Answer answer;
    base::MonoTime until{};
  };
  const CacheSettings settings_;
  std::mutex mutex_;
  base::RecentMap<std::string, Kept> kept_;
};

}  // namespace godwit::lookup
