// SPDX-License-Identifier: Apache-2.0
// mailq and sendmail -q: the daemon's queue through its control socket, listed in the form that people and monitoring
// programs know from other mail systems.
#pragma once

#include <string>

#include "console.hpp"
#include "sendmail_arguments.hpp"

namespace godwit::tools {

// Each prints, and gives a status of sysexits(3).
int list_queue(const std::string& control_socket, const Console& console);
int flush_queue(const std::string& control_socket, const SendmailArguments& which, const Console& console);

}  // namespace godwit::tools
