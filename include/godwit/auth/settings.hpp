// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"

namespace godwit::auth {

struct LockoutSettings {
  std::size_t failures = 10;                          // of one client network in `window`; 0: none is locked out
  std::size_t account_failures = 50;                  // of one account from networks unknown to it; 0: none is locked
  base::Duration window = std::chrono::minutes(10);   // from the first failure that counts
  base::Duration lockout = std::chrono::minutes(15);  // how long
  base::Duration delay = std::chrono::seconds(1);     // of the first answer; doubles with each failure, up to 8 times
  std::vector<base::IpNetwork> exempt = {{base::IpAddress::v4({127, 0, 0, 0}), 8},
                                         {base::IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), 128}};
};

struct Settings {
  std::vector<std::string> stores = {};  // paths of accounts files, asked in order
  std::size_t threads = 2;               // password verification
  std::size_t waiting = 200;             // verifications waiting for a thread; more: 454 4.7.0
  LockoutSettings lockouts = {};
};

}  // namespace godwit::auth
