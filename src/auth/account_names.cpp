// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/account_names.hpp"

#include <utility>

#include <fmt/format.h>

namespace godwit::auth {

AccountNames::AccountNames(StoreList stores, const lookup::CacheSettings& cache, const base::Clock& clock)
    : stores_(std::move(stores)), cache_(cache), clock_(clock) {
  std::erase_if(stores_, [](const auto& store) { return !store->tells_names(); });
}

std::optional<lookup::Answer> AccountNames::recall(const std::string& address) {
  for (const auto& store : stores_) {
    const auto found = store->find_now(address);
    if (!found) return cache_.recall(address, clock_.mono());
    if (found->kind == Answer::Kind::entry) return lookup::present();
  }
  return lookup::absent();
}

boost::asio::awaitable<lookup::Answer> AccountNames::ask(std::string address) {
  lookup::Answer answer;
  for (const auto& store : stores_) {
    auto finding = store->find(address);
    const auto found = co_await std::move(finding);
    if (found.kind == Answer::Kind::unknown) continue;
    if (found.kind == Answer::Kind::unavailable)
      answer = lookup::unavailable(fmt::format("{}: {}", store->name(), found.reason));
    else
      answer = lookup::present();
    break;
  }
  cache_.remember(address, answer, clock_.mono());
  co_return answer;
}

}  // namespace godwit::auth
