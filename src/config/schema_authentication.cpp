// SPDX-License-Identifier: Apache-2.0
// The keys of who may log in.
#include <chrono>

#include "schema.hpp"

namespace godwit::config {

using namespace std::chrono_literals;

Fields<Document> authentication_part() {
  return {
      field(
          "accounts", [](auto& d) -> auto& { return d.settings.auth.stores; }, list_of(absolute_path(), Single::accept),
          "Files with the accounts that may log in and receive (see conf/accounts.yaml.example)"),
      field(
          "authentication.failures", [](auto& d) -> auto& { return d.settings.auth.lockouts.failures; },
          number<std::size_t>(0, 100000),
          "Failed logins of one client network (an IPv4 address or an IPv6 /64) within `window` after which it is "
          "locked "
          "out: `454 4.7.0`, whatever the password. The same wrong password again counts once; 0: nobody is locked "
          "out"),
      field(
          "authentication.account_failures", [](auto& d) -> auto& { return d.settings.auth.lockouts.account_failures; },
          number<std::size_t>(0, 1000000),
          "The same of one account, from networks from which it has not logged in since the start; it is locked out "
          "for "
          "such networks only. 0: no account is"),
      field(
          "authentication.window", [](auto& d) -> auto& { return d.settings.auth.lockouts.window; }, duration(1s, 24h),
          "From the first failure that counts"),
      field(
          "authentication.lockout", [](auto& d) -> auto& { return d.settings.auth.lockouts.lockout; },
          duration(1s, 24h * 30), "How long somebody is locked out"),
      field(
          "authentication.delay", [](auto& d) -> auto& { return d.settings.auth.lockouts.delay; }, duration(0s, 10s),
          "From a failed login to its answer; doubles with each failure of a network, up to eight times as much"),
      field(
          "authentication.exempt", [](auto& d) -> auto& { return d.settings.auth.lockouts.exempt; },
          list_of(ip_network()), "Networks whose failures are not counted, such as that of a webmail"),
  };
}

}  // namespace godwit::config
