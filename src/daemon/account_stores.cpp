// SPDX-License-Identifier: Apache-2.0
#include "account_stores.hpp"

#include <utility>

#include <fmt/format.h>

namespace godwit::daemon {

void load_account_files(const auth::Settings& settings, LoadedAccounts& accounts, std::vector<std::string>& errors,
                        std::vector<std::string>& warnings) {
  for (std::size_t i = 0; i < settings.stores.size(); ++i) {
    if (settings.stores[i].type != auth::StoreType::file) continue;
    auto table = auth::load_accounts({settings.stores[i].path});
    if (!table) {
      errors.insert(errors.end(), table.error().begin(), table.error().end());
      continue;
    }
    warnings.insert(warnings.end(), table->warnings.begin(), table->warnings.end());
    for (const auto& [name, account] : table->accounts()) accounts.all.add(account);
    accounts.each.emplace(i, std::move(*table));
  }
}

auth::StoreList make_stores(const auth::Settings& settings, const LoadedAccounts& accounts,
                            const auth::BackEndParts& parts) {
  auth::StoreList stores;
  for (std::size_t i = 0; i < settings.stores.size(); ++i) {
    const auto& store = settings.stores[i];
    if (store.type == auth::StoreType::file)
      stores.push_back(auth::make_file_store(store.path, accounts.each.at(i)));
    else
      stores.push_back(auth::make_back_end(store, parts));
  }
  return stores;
}

std::shared_ptr<auth::Introspection> make_introspection(const auth::Settings& settings,
                                                        const auth::BackEndParts& parts) {
  if (settings.introspection.url.empty()) return nullptr;
  return std::make_shared<auth::Introspection>(settings.introspection, parts);
}

std::vector<std::string> unreachable_stores(const auth::Settings& settings, const base::Clock& clock) {
  net::BoundedPool pool("lookups", 1, 1);
  base::SystemRandom random;
  std::vector<std::string> complaints;
  for (std::size_t i = 0; i < settings.stores.size(); ++i) {
    if (settings.stores[i].type == auth::StoreType::file) continue;
    const auto back_end = auth::make_back_end(settings.stores[i], {.pool = pool, .clock = clock, .random = random});
    if (const auto reached = back_end->probe(); !reached)
      complaints.push_back(fmt::format("accounts[{}]: {}: {}", i, back_end->name(), reached.error().message));
  }
  if (const auto introspection = make_introspection(settings, {.pool = pool, .clock = clock, .random = random})) {
    const auto answer = introspection->ask_now("is-anybody-there");
    if (answer.kind == auth::Introspection::Answer::Kind::unavailable)
      complaints.push_back("authentication.introspection: " + answer.reason);
  }
  return complaints;
}

}  // namespace godwit::daemon
