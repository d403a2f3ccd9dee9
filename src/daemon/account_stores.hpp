// SPDX-License-Identifier: Apache-2.0
// The stores of accounts, from the configuration: files are read when it is, the others asked at each login.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "godwit/auth/accounts.hpp"
#include "godwit/auth/back_ends.hpp"
#include "godwit/auth/introspection.hpp"
#include "godwit/auth/settings.hpp"
#include "godwit/auth/store.hpp"

namespace godwit::daemon {

struct LoadedAccounts {
  auth::AccountTable all;                          // of all files
  std::map<std::size_t, auth::AccountTable> each;  // by the place of the file among the stores
};

// Blocks on the disk.
void load_account_files(const auth::Settings& settings, LoadedAccounts& accounts, std::vector<std::string>& errors,
                        std::vector<std::string>& warnings);
auth::StoreList make_stores(const auth::Settings& settings, const LoadedAccounts& accounts,
                            const auth::BackEndParts& parts);
// Null: nobody vouches for tokens.
std::shared_ptr<auth::Introspection> make_introspection(const auth::Settings& settings,
                                                        const auth::BackEndParts& parts);
// "accounts[1]: why it cannot be asked now", each.  Blocks: for --check.
std::vector<std::string> unreachable_stores(const auth::Settings& settings, const base::Clock& clock);

}  // namespace godwit::daemon
