// SPDX-License-Identifier: Apache-2.0
// The names of this machine's users, for those whose programs submit over the Unix socket: the kernel gives a number.
// The system's database may be a directory somewhere on the network, so it is asked off the reactor, and answers are
// kept for a minute.  Callable from any reactor; resumes there.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/net/worker_pool.hpp"

namespace godwit::auth {

// Blocks.  Empty: there is no such user.
using UserLookup = std::function<base::Result<std::optional<std::string>>(uid_t user)>;
base::Result<std::optional<std::string>> look_up_user(uid_t user);

// What a user without a name (in a container, say) is called: "uid1234".
std::string name_of_unknown(uid_t user);

class LocalUsers {
 public:
  static constexpr std::size_t max_kept = 1024;

  // All outlive it and its calls.
  LocalUsers(net::BoundedPool& pool, const base::Clock& clock, UserLookup lookup = look_up_user);
  // Errors: exhausted (too many ask), cancelled, io (the database does not answer).
  boost::asio::awaitable<base::Result<std::string>> name_of(uid_t user);

 private:
  struct Kept {
    std::string name;
    base::MonoTime until;
  };
  std::optional<std::string> kept(uid_t user) const;
  void keep(uid_t user, std::string name);

  net::BoundedPool& pool_;
  const base::Clock& clock_;
  UserLookup lookup_;
  mutable std::mutex mutex_;
  std::map<uid_t, Kept> names_;
};

}  // namespace godwit::auth
