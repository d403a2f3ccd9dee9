// SPDX-License-Identifier: Apache-2.0
// The service manager's store of descriptors (FDSTORE=1 in sd_pid_notify_with_fds(3)).  What lies there stays open when
// this process ends, and the next one of the service inherits it (inherited_sockets): clients who come while the daemon
// is restarted, or after it crashed, wait in the queue, though no socket unit binds the ports.  A full stop empties it.
// $FDSTORE tells how many descriptors it takes (systemd 254 sets it; godwitd.service does for older ones); without it,
// or without a service manager, nothing is kept.  Used by daemon/ at start, on the main thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "godwit/base/ip_address.hpp"

namespace godwit::daemon {

// The name of a listening socket there (FDNAME=), the same for all of one address.
std::string stored_name(const base::Endpoint& local);
// Is it such a name?
bool is_stored_name(std::string_view name);

class SocketStore {
 public:
  // `used`: what this process inherited from it.
  static SocketStore of_service_manager(std::size_t used);

  // False: it takes no more.
  bool keep(int descriptor, const base::Endpoint& local);
  // A socket that was inherited from there: nobody listens on it any more, and its port is free at once.
  static void forget(int descriptor, const std::string& name);

 private:
  explicit SocketStore(std::size_t room) : room_(room) {}

  std::size_t room_;
};

}  // namespace godwit::daemon
