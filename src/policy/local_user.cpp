// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/local_user.hpp"

#include <algorithm>

#include "godwit/base/text.hpp"

namespace godwit::policy {

bool is_trusted_user(const Settings& settings, const std::string& name) {
  return std::ranges::any_of(settings.trusted_users, [&](const auto& one) { return one == "*" || one == name; });
}

bool is_own_address(const std::string& user, const smtp::Mailbox& address, const route::Settings& names) {
  if (!base::iequals(address.domain, names.origin) && !base::iequals(address.domain, names.hostname)) return false;
  std::string_view local = address.local;
  if (base::iequals(local, user)) return true;
  return !names.detail_separator.empty() && local.size() > user.size() &&
         base::istarts_with(local, user + names.detail_separator);
}

std::optional<smtp::Reply> check_local_sender(const LocalUser& user, const smtp::ReversePath& sender,
                                              const route::Settings& names) {
  if (user.is_trusted || !sender || is_own_address(user.name, *sender, names)) return {};
  return smtp::make_reply(553, {5, 7, 1},
                          "<" + to_string(*sender) + ">: Sender address rejected: not an address of user " + user.name +
                              ", who is not among submit.trusted_users");
}

}  // namespace godwit::policy
