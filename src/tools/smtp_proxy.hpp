// SPDX-License-Identifier: Apache-2.0
// sendmail -bs: SMTP on standard input and output, passed on to the daemon's submission socket.  Line ends of the
// caller may be LF.
#pragma once

#include "unix_socket.hpp"

namespace godwit::tools {

// Until both sides have ended.  Errors: io.
base::Result<> pass_on(int input, int output, UnixSocket& daemon);

}  // namespace godwit::tools
