// SPDX-License-Identifier: Apache-2.0
// The message that tells the postmaster of an account that was stopped.  Pure.
#pragma once

#include <string>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/policy/account_breaker.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::dispatch {

// Canonical.
std::string compose_stop_notice(const policy::StoppedAccount& account, const std::string& hostname,
                                const smtp::Mailbox& to, base::MessageId id, base::WallTime now);

}  // namespace godwit::dispatch
