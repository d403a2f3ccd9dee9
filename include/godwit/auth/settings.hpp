// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace godwit::auth {

struct Settings {
  std::vector<std::string> stores = {};  // paths of accounts files, asked in order
  std::size_t threads = 2;               // password verification
  std::size_t waiting = 200;             // verifications waiting for a thread; more: 454 4.7.0
};

}  // namespace godwit::auth
