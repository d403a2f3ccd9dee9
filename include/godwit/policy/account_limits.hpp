// SPDX-License-Identifier: Apache-2.0
// How much an account may send: messages, recipients, and recipient domains that it has not written to lately, each in
// any number of periods.  A stolen password is worth less so.  Bounded; forgotten by a restart.  Thread-safe: asked by
// every reactor.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/recent_map.hpp"
#include "godwit/base/token_bucket.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

class AccountLimits {
 public:
  explicit AccountLimits(const Settings& settings) : rates_(settings.account_rates) {}
  void change_settings(const Settings& settings);

  // Counts one; empty: it may.  Else the rate that is exhausted, and nothing is counted.
  std::optional<base::Rate> message(const std::string& account, base::MonoTime now);
  std::optional<base::Rate> recipient(const std::string& account, const std::string& domain, base::MonoTime now);

 private:
  static constexpr std::size_t most_accounts = 20'000;
  static constexpr std::size_t most_domains = 500;  // of an account, that it wrote to last
  struct Spent {
    std::array<std::vector<base::TokenBucket>, account_rated_kinds> buckets;
    base::RecentMap<std::string, char> domains{most_domains};
  };
  using Kinds = std::vector<AccountRated>;

  std::optional<base::Rate> take(Spent& spent, const Kinds& kinds, base::MonoTime now);

  std::mutex mutex_;
  std::array<std::vector<base::Rate>, account_rated_kinds> rates_;
  base::RecentMap<std::string, Spent> accounts_{most_accounts};
};

}  // namespace godwit::policy
