// SPDX-License-Identifier: Apache-2.0
// Failed logins, counted by client network (an IPv4 address or an IPv6 /64) and by account, and who may not try any
// more for a while.  A network is locked whatever it asks for.  An account is locked only for networks from which it
// has not logged in before, so that strangers who guess at it do not keep its owner out.  Whether an account exists
// makes no difference.  Bounded: what failed longest ago is forgotten first.  Time comes in.  Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/auth/settings.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/base/recent_map.hpp"

namespace godwit::auth {

class Lockouts {
 public:
  // What a failure led to.
  struct Failure {
    bool locked_network = false;  // by this failure
    bool locked_account = false;
    std::size_t failures = 0;  // of the network, with this one; 0: it is exempt
    base::Duration delay{};    // from the attempt to its answer
  };
  struct Lockout {
    std::string name;  // account, or network as it is written
    bool is_account = false;
    std::size_t failures = 0;
    base::WallTime until{};
  };

  explicit Lockouts(LockoutSettings settings) : settings_(std::move(settings)) {}
  void change_settings(LockoutSettings settings);

  // Whether this client may not try.  `account` empty: not known yet.
  bool is_locked(std::string_view account, const base::IpAddress& client, base::WallTime now);
  // `mark` stands for the password that was tried, 0: unknown; the same one again from the same network is a program
  // with an old password, and not counted.
  Failure failed(std::string_view account, const base::IpAddress& client, std::uint64_t mark, base::WallTime now);
  base::Duration delay();  // of an answer to who is locked out
  void succeeded(std::string_view account, const base::IpAddress& client);

  // What is locked now, in order of name, behind `after`; at most `most`.
  std::vector<Lockout> list(base::WallTime now, std::size_t most, std::string_view after = {});
  // What a restart must not forget, as lines of text: who is locked, and at most so many bytes in all, who logged in
  // from where.  Failures that led to nothing yet are forgotten.
  std::string encode(base::WallTime now, std::size_t longest);
  // Before anything is asked.  Lines that cannot be read are left out.
  void decode(std::string_view text);

  // Of an account, network or address, with what was counted.  false: it is not locked.
  bool unlock(std::string_view name, base::WallTime now);

 private:
  struct Count {
    std::size_t failures = 0;
    base::WallTime first{};  // of those that count
    base::WallTime locked_until{};
    std::uint64_t mark = 0;  // of the last one
  };
  bool is_exempt(const base::IpAddress& client) const;
  bool is_locked(const Count& count, base::WallTime now) const;
  bool count(Count& count, std::size_t bound, base::WallTime now) const;

  std::mutex mutex_;
  LockoutSettings settings_;
  base::RecentMap<base::IpNetwork, Count> networks_{50'000};
  base::RecentMap<std::string, Count> accounts_{20'000};
  base::RecentMap<std::pair<std::string, base::IpNetwork>, char> at_home_{20'000};  // who logged in from where
};

}  // namespace godwit::auth
