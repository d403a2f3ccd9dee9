// SPDX-License-Identifier: Apache-2.0
// The users of this machine, whose programs submit over the Unix socket: under which sender addresses they may.  Const;
// any thread.
#pragma once

#include <optional>
#include <string>

#include "godwit/policy/settings.hpp"
#include "godwit/route/settings.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::policy {

struct LocalUser {
  std::string name;
  bool is_trusted = false;  // any sender
};

bool is_trusted_user(const Settings& settings, const std::string& name);

// user@origin and user@hostname, also with a detail: user+lists@origin.
bool is_own_address(const std::string& user, const smtp::Mailbox& address, const route::Settings& names);

// Empty: accepted.  The null sender is anybody's: programs that answer mail by themselves use it (RFC 3834).
std::optional<smtp::Reply> check_local_sender(const LocalUser& user, const smtp::ReversePath& sender,
                                              const route::Settings& names);

}  // namespace godwit::policy
