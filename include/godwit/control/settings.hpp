// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace godwit::control {

struct Settings {
  std::string socket = "/run/godwit/control.sock";  // 0660, group godwit
  std::string submit_socket;                        // 0666; empty: beside `socket`, see config::submit_socket
};

}  // namespace godwit::control
