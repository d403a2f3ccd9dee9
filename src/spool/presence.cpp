// SPDX-License-Identifier: Apache-2.0
// Whether the files that hold the spool are still where a restart would look for them.  An open file takes writes and
// syncs also when somebody removed it, or the whole folder: what would be acknowledged then is gone with the process.
// The journal looks at its active segment with every group; here, once a second while records are written, the lock and
// the segments that are needed.
#include <algorithm>

#include "core.hpp"

namespace godwit::spool {
namespace {

constexpr base::Duration between_looks = std::chrono::seconds(1);

}  // namespace

std::vector<std::pair<std::uint32_t, std::shared_ptr<disk::File>>> Core::needed_segments() const {
  const std::scoped_lock lock(index_mutex_);
  const auto removable = index_.segments().removable();  // in order
  std::vector<std::pair<std::uint32_t, std::shared_ptr<disk::File>>> needed;
  for (const auto& [number, state] : index_.segments().all())
    if (state.file && !std::ranges::binary_search(removable, number)) needed.emplace_back(number, state.file);
  return needed;
}

boost::asio::awaitable<void> Core::look_at_names() {
  const auto now = clock.mono();
  if (looked_at_names_ && now - *looked_at_names_ < between_looks) co_return;
  looked_at_names_ = now;
  auto locked = co_await lock_->is_at(paths.lock());
  if (locked && !*locked) co_return fail(removed_underneath(paths.lock()).message);
  const auto needed = needed_segments();
  for (const auto& [number, file] : needed) {
    auto named = co_await file->is_at(paths.segment(number));
    if (!named || *named) continue;
    // Not by housekeeping, which meanwhile may have removed what was needed a moment ago.
    const auto still = needed_segments();
    if (std::ranges::find(still, number, [](const auto& one) { return one.first; }) == still.end()) continue;
    co_return fail(removed_underneath(paths.segment(number)).message);
  }
}

}  // namespace godwit::spool
