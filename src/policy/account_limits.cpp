// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/account_limits.hpp"

namespace godwit::policy {

void AccountLimits::change_settings(const Settings& settings) {
  const std::lock_guard lock(mutex_);
  rates_ = settings.account_rates;
}

// All of them or none.  Under the lock.
std::optional<base::Rate> AccountLimits::take(Spent& spent, const Kinds& kinds, base::MonoTime now) {
  for (const auto kind : kinds) {
    const auto& rates = rates_[static_cast<std::size_t>(kind)];
    auto& buckets = spent.buckets[static_cast<std::size_t>(kind)];
    buckets.resize(rates.size());
    for (std::size_t i = 0; i < rates.size(); ++i)
      if (!buckets[i].has_token(rates[i], now)) return rates[i];
  }
  for (const auto kind : kinds)
    for (std::size_t i = 0; i < rates_[static_cast<std::size_t>(kind)].size(); ++i)
      spent.buckets[static_cast<std::size_t>(kind)][i].take(rates_[static_cast<std::size_t>(kind)][i], now);
  return {};
}

std::optional<base::Rate> AccountLimits::message(const std::string& account, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  return take(accounts_.touch(account), {AccountRated::messages}, now);
}

std::optional<base::Rate> AccountLimits::recipient(const std::string& account, const std::string& domain,
                                                   base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  auto& spent = accounts_.touch(account);
  const bool is_new = spent.domains.find(domain) == nullptr;
  Kinds kinds{AccountRated::recipients};
  if (is_new) kinds.push_back(AccountRated::new_destinations);
  const auto exhausted = take(spent, kinds, now);
  if (!exhausted) spent.domains.touch(domain);
  return exhausted;
}

}  // namespace godwit::policy
