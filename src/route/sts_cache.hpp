// SPDX-License-Identifier: Apache-2.0
// The MTA-STS policies that are known, and the text in which a restart finds them again: one line for each, the one
// used last first.  Bounded in number and in bytes; what was used longest ago makes room.  Pure; private to route/.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/recent_map.hpp"
#include "godwit/route/mta_sts.hpp"

namespace godwit::route {

struct StsEntry {
  std::shared_ptr<const StsPolicy> policy;
  std::string id;          // of the record that announced it
  base::WallTime fetched;  // it counts for max_age from then on
  base::WallTime used;     // by mail, to the day
};

class StsCache {
 public:
  static constexpr std::size_t most_policies = 10000;
  static constexpr std::size_t most_bytes = std::size_t{8} << 20U;  // of text()
  // RFC 8461 section 3.3 suggests a day; a policy with a short life is fetched anew in the middle of it.
  static constexpr base::Duration refresh_after = std::chrono::hours(24);
  // Nobody wrote there for so long: the policy may end.
  static constexpr base::Duration unused_after = std::chrono::days(60);

  // Null: none is known, or its time is over.  It is now the one used last.
  const StsEntry* use(const std::string& domain, base::WallTime now);
  void put(const std::string& domain, StsEntry entry);
  static bool is_stale(const StsEntry& entry, base::WallTime now);
  // Those that mail still uses and that are stale.
  std::vector<std::string> stale(base::WallTime now) const;
  // For refreshing: null as use().
  const StsEntry* find(const std::string& domain, base::WallTime now);
  std::size_t size() const { return entries_.values().size(); }

  // Something has changed since the last text() that is worth keeping.
  bool changed() const { return changed_; }
  std::string text();
  // The number of lines that could not be read.
  std::size_t read(std::string_view text);

 private:
  void make_room(std::size_t bytes);
  void drop(const std::string& domain);

  base::RecentMap<std::string, StsEntry> entries_{most_policies + 1};  // make_room() keeps it below
  std::size_t bytes_ = 0;
  bool changed_ = false;
};

}  // namespace godwit::route
