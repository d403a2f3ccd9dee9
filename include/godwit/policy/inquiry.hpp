// SPDX-License-Identifier: Apache-2.0
// What VRFY and EXPN are answered, to whom they are answered at all (RFC 5321 section 3.5).  Const; any thread.
#pragma once

#include "godwit/route/router.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::policy {

// 250 for a recipient of ours, 252 for one that is another host's, 550 for one that does not exist.
smtp::Reply verify(const smtp::Mailbox& asked, const route::Router& router);
// The same, with all addresses that one of ours stands for.
smtp::Reply expand(const smtp::Mailbox& asked, const route::Router& router);

}  // namespace godwit::policy
