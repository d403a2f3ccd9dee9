// SPDX-License-Identifier: Apache-2.0
// Who could hand in mail under a configuration, for replays: its accounts, and those that its tokens stand for.  What
// is kept elsewhere than in files is taken to exist and to use senders of its own.  Pure.
#pragma once

#include <string>

#include "godwit/smtp/address.hpp"
#include "live_settings.hpp"

namespace godwit::daemon {

bool keeps_all_in_files(const LiveSettings& live);
bool knows_account(const LiveSettings& live, const std::string& account);
bool may_send_as(const LiveSettings& live, const std::string& account, const smtp::Mailbox& sender);

}  // namespace godwit::daemon
