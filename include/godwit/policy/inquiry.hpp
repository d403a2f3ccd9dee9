// SPDX-License-Identifier: Apache-2.0
// What VRFY and EXPN are answered, to whom they are answered at all (RFC 5321 section 3.5).  Both may wait
// for tables; the router outlives the call.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "godwit/route/router.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::policy {

// 250 for a recipient of ours, 252 for one that is another host's, 550 for one that does not exist.
boost::asio::awaitable<smtp::Reply> verify(smtp::Mailbox asked, const route::Router& router);
// The same, with all addresses that one of ours stands for.
boost::asio::awaitable<smtp::Reply> expand(smtp::Mailbox asked, const route::Router& router);

}  // namespace godwit::policy
