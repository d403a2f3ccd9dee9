// SPDX-License-Identifier: Apache-2.0
// Which addresses the rules rewrite, and into what.  Const; any thread.  Private to server/.
#pragma once

#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/result.hpp"
#include "godwit/server/server.hpp"

namespace godwit::server {

bool is_for(const std::vector<policy::MailOrigin>& rule, policy::MailOrigin origin);
// trusted: by its network.
policy::MailOrigin origin_of(const policy::Client& client, bool trusted);
bool rewrites(const Rules& rules, policy::MailOrigin origin);
// With a domain.  Errors: a table cannot be asked.  The rules outlive the call.
boost::asio::awaitable<base::Result<smtp::Mailbox>> rewritten(const Rules& rules, policy::MailOrigin origin,
                                                              smtp::Mailbox address, bool is_sender);
smtp::Reply not_rewritten(const smtp::Mailbox& address);

}  // namespace godwit::server
