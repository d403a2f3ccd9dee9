// SPDX-License-Identifier: Apache-2.0
// To which recipient domains each account has written lately.  Bounded: accounts and domains that were used longest ago
// are forgotten.  Thread-safe: asked once a recipient, where a rule is about new destinations.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>

#include "godwit/base/recent_map.hpp"

namespace godwit::policy {

class KnownDestinations {
 public:
  bool knows(const std::string& account, const std::string& domain) {
    const std::lock_guard lock(mutex_);
    auto* const domains = accounts_.find(account);
    return domains != nullptr && domains->find(domain) != nullptr;
  }
  void remember(const std::string& account, const std::string& domain) {
    const std::lock_guard lock(mutex_);
    accounts_.touch(account).touch(domain);
  }

 private:
  static constexpr std::size_t most_accounts = 20'000;
  static constexpr std::size_t most_domains = 500;
  struct Domains : base::RecentMap<std::string, char> {
    Domains() : RecentMap(most_domains) {}
  };

  std::mutex mutex_;
  base::RecentMap<std::string, Domains> accounts_{most_accounts};
};

}  // namespace godwit::policy
