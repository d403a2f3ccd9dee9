// SPDX-License-Identifier: Apache-2.0
// Takes from this process, for good, every system call that a mail transfer agent has no use for (seccomp).  What is
// not on the list does not exist for it; programs, other processes and other name spaces least of all.  Called once by
// the main thread, before any other exists: threads inherit it.  Needs no_new_privs.
#pragma once

#include "godwit/base/result.hpp"

namespace godwit::daemon {

// Errors of both: not_found (the kernel has no seccomp), os.
base::Result<> confine_system_calls();
// Likewise for the process that holds the private keys, which reads files, uses the sockets that it has, and computes:
// it makes no socket, and writes to no file.
base::Result<> confine_to_signing();

}  // namespace godwit::daemon
