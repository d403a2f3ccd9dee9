// SPDX-License-Identifier: Apache-2.0
// Hands a message to the daemon over its submission socket.  Blocks; has patience with a daemon that is busy, not with
// one that hangs.
#pragma once

#include <string>
#include <vector>

#include "draft.hpp"
#include "godwit/smtp/client_session.hpp"

namespace godwit::tools {

// What became of each recipient, in their order.  delivered: the daemon has it.  failed: it never will.  The others may
// be tried again, at the price of a second copy where the connection broke at the wrong moment.
std::vector<smtp::RecipientResult> submit(const std::string& socket, smtp::ClientTransaction transaction, Draft& draft);

}  // namespace godwit::tools
