// SPDX-License-Identifier: Apache-2.0
// What sendmail mostly does: one message from standard input to its recipients.
#pragma once

#include "console.hpp"
#include "sendmail.hpp"
#include "sendmail_arguments.hpp"

namespace godwit::tools {

// A status of sysexits(3).
int submit_message(const SendmailArguments& arguments, const SendmailHost& host, const Console& console);

}  // namespace godwit::tools
