// SPDX-License-Identifier: Apache-2.0
// sendmail -bv: whether the daemon would take a message for each address.  Nothing is sent.
#pragma once

#include "console.hpp"
#include "sendmail.hpp"
#include "sendmail_arguments.hpp"

namespace godwit::tools {

// One line for each address: "alice... deliverable", "bob... undeliverable: 550 5.1.1 ...".  A status of sysexits(3):
// EX_NOUSER where one is refused for good.
int check_addresses(const SendmailArguments& arguments, const SendmailHost& host, const Console& console);

}  // namespace godwit::tools
