// SPDX-License-Identifier: Apache-2.0
// Whatever the file of MTA-STS policies holds, no more is kept than may be, what is kept is written and read again as
// the same, and no policy counts for longer than its time.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "route/sts_cache.hpp"

namespace godwit::fuzz {

void fuzz_sts_cache(std::string_view input) {
  const base::WallTime now(std::chrono::seconds(1'900'000'000));
  route::StsCache cache;
  const auto bad = cache.read(input);
  require(bad + cache.size() <= static_cast<std::size_t>(std::ranges::count(input, '\n')) + 1);
  require(cache.size() <= route::StsCache::most_policies);
  const auto text = cache.text();
  require(text.size() <= route::StsCache::most_bytes);
  route::StsCache again;
  require(again.read(text) == 0 && again.text() == text);
  (void)cache.stale(now);
  for (const auto line : base::split(text, '\n')) {
    const std::string domain(line.substr(0, line.find(' ')));
    const auto* entry = cache.use(domain, now);
    if (entry == nullptr) continue;
    require(entry->policy != nullptr && now < entry->fetched + entry->policy->max_age);
    require(entry->fetched <= now + route::StsCache::refresh_after);
  }
}

}  // namespace godwit::fuzz
