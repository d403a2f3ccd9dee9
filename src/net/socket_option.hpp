// SPDX-License-Identifier: Apache-2.0
// Options of sockets that are on or off.
#pragma once

#include <sys/socket.h>

namespace godwit::net {

// What the system does not know stays off.
inline void switch_on(int socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket, level, option, &on, sizeof(on));
}

}  // namespace godwit::net
