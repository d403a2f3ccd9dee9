// SPDX-License-Identifier: Apache-2.0
#include "connection_cache.hpp"

#include <algorithm>
#include <utility>

namespace godwit::deliver {

std::unique_ptr<SmtpConnection> ConnectionCache::take(const ConnectionKey& key) {
  const auto found = idle_.find(key);
  if (found == idle_.end()) return nullptr;
  std::unique_ptr<SmtpConnection> connection;
  while (!connection && !found->second.empty()) {
    // The one used last: the others get a chance to time out.
    connection = std::move(found->second.back().connection);
    found->second.pop_back();
    --size_;
    if (connection->disturbed()) connection.reset();
  }
  if (found->second.empty()) idle_.erase(found);
  return connection;
}

std::unique_ptr<SmtpConnection> ConnectionCache::take_any(std::string_view site) {
  auto entry = idle_.end();
  std::deque<Idle>::iterator longest;
  for (auto other = idle_.begin(); other != idle_.end(); ++other) {
    const auto first = std::ranges::find(other->second, site, &Idle::site);
    if (first == other->second.end() || (entry != idle_.end() && first->since >= longest->since)) continue;
    entry = other;
    longest = first;
  }
  if (entry == idle_.end()) return nullptr;
  auto connection = std::move(longest->connection);
  entry->second.erase(longest);
  --size_;
  if (entry->second.empty()) idle_.erase(entry);
  return connection;
}

void ConnectionCache::put(const ConnectionKey& key, std::string site, std::unique_ptr<SmtpConnection> connection,
                          base::MonoTime now) {
  if (size_ >= max_idle) return;
  idle_[key].push_back({.connection = std::move(connection), .site = std::move(site), .since = now});
  ++size_;
}

std::vector<std::unique_ptr<SmtpConnection>> ConnectionCache::expired(base::MonoTime now) {
  std::vector<std::unique_ptr<SmtpConnection>> result;
  for (auto entry = idle_.begin(); entry != idle_.end();) {
    auto& waiting = entry->second;
    while (!waiting.empty() && (now == base::no_deadline || now - waiting.front().since >= idle_time)) {
      result.push_back(std::move(waiting.front().connection));
      waiting.pop_front();
      --size_;
    }
    entry = waiting.empty() ? idle_.erase(entry) : std::next(entry);
  }
  return result;
}

}  // namespace godwit::deliver
