// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace godwit::state {

struct Settings {
  std::string directory = "/var/lib/godwit";
};

}  // namespace godwit::state
