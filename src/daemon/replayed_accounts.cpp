// SPDX-License-Identifier: Apache-2.0
#include "replayed_accounts.hpp"

#include <algorithm>

namespace godwit::daemon {
namespace {

bool is_of(const control::TokenSettings& token, const std::string& account) {
  return !token.account.empty() && auth::canonical_name(token.account) == account;
}

}  // namespace

bool keeps_all_in_files(const LiveSettings& live) {
  return std::ranges::all_of(live.settings.auth.stores,
                             [](const auto& store) { return store.type == auth::StoreType::file; });
}

bool knows_account(const LiveSettings& live, const std::string& account) {
  return !keeps_all_in_files(live) || live.accounts.all.exists(account) ||
         std::ranges::any_of(live.settings.control.tokens, [&](const auto& token) { return is_of(token, account); });
}

bool may_send_as(const LiveSettings& live, const std::string& account, const smtp::Mailbox& sender) {
  const auto& accounts = live.accounts.all;
  return auth::may_send_as(account, {}, sender) || accounts.may_send_as(account, sender) ||
         (!keeps_all_in_files(live) && !accounts.exists(account)) ||
         std::ranges::any_of(live.settings.control.tokens, [&](const auto& token) {
           return is_of(token, account) && auth::may_send_as(account, token.senders, sender);
         });
}

}  // namespace godwit::daemon
