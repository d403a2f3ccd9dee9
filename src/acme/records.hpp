// SPDX-License-Identifier: Apache-2.0
// What is remembered between the daemon's lives, as JSON.  What cannot be read is as if it were not there: at worst an
// account is looked up and an order made anew.  Pure; private to acme/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schedule.hpp"

namespace godwit::acme {

struct KeptAccount {
  std::string directory;  // of the authority
  std::string url;
  std::vector<std::string> contact;  // that it was told
};

struct KeptOrder {
  std::string directory;
  std::vector<std::string> names;
  std::string url;  // empty: there is none
};

std::string to_text(const KeptAccount& account);
std::string to_text(const KeptOrder& order);
std::string to_text(const Attempts& attempts);
KeptAccount account_in(std::string_view text);
KeptOrder order_in(std::string_view text);
Attempts attempts_in(std::string_view text);

}  // namespace godwit::acme
