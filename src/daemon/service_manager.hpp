// SPDX-License-Identifier: Apache-2.0
// What a service manager passes to us and wants to hear (sd_listen_fds(3), sd_notify(3), which call both protocols
// stable and to be implemented by whoever likes).  libsystemd would load six libraries for compression and ciphers with
// it, into a process that holds open ports.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"

namespace godwit::daemon {

// "READY=1" and the like, with a descriptor beside it or without (-1).  Any thread; waits two seconds at most for a
// manager that does not read.  False: there is no manager that listens, or it could not be told.
bool notify_manager(std::string_view words, int descriptor = -1);

struct PassedDescriptor {
  int descriptor = -1;
  std::string name;  // empty: it has none
};

// Those that were passed to this process, for itself alone: they are not passed on to what it starts, and a second call
// finds none.  Before the first thread.  Errors: invalid (what it says of them cannot be), io.
base::Result<std::vector<PassedDescriptor>> take_passed_descriptors();

}  // namespace godwit::daemon
