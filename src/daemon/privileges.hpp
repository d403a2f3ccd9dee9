// SPDX-License-Identifier: Apache-2.0
// Gives up root after the listening sockets are bound.  Called once, before any thread is started.
#pragma once

#include <string>

#include "godwit/base/result.hpp"

namespace godwit::daemon {

// Whether ports below 1024 are still bound when all listeners are: by who gets certificates (tls.acme).
enum class LowPorts { are_bound, later_too };

// Root becomes `user` with its groups, unless that is empty.  Whoever is not root then has no capability left but,
// where it is needed, CAP_NET_BIND_SERVICE: listeners change at a restart only.  no_new_privs is set in any case:
// nothing is ever executed.
base::Result<> drop_privileges(const std::string& user, LowPorts low_ports);

// For the process that holds the private keys: likewise, but what is left is the right to read whatever is there to be
// read, where it had that (CAP_DAC_READ_SEARCH).  Nobody can look into its memory, and it leaves no core.
base::Result<> drop_all_but_reading(const std::string& user);

// Whether it will have that.
bool may_read_everything();

// Makes the folder, and gives it to `user` when we are root and have just made it.  For spool, state and control
// folders at the first start.
base::Result<> prepare_folder(const std::string& path, const std::string& user, unsigned mode);

// The group that files made as root should belong to: the first of `user`; empty when we are not root, or stay.
std::string service_group(const std::string& user);

// Lifts the soft limit of descriptors to the hard one and gives it.
unsigned long raise_descriptor_limit();

}  // namespace godwit::daemon
