// SPDX-License-Identifier: Apache-2.0
#include "machine.hpp"

#include <algorithm>
#include <thread>

namespace godwit::daemon {
namespace {

constexpr std::size_t body_threads = 2;
constexpr std::size_t proofs_waiting = 256;
constexpr std::size_t local_threads = 2;
constexpr std::size_t local_waiting = 256;
constexpr std::size_t unbounded = static_cast<std::size_t>(-1);  // those who wait there are bounded elsewhere

}  // namespace

Pools::Pools(const config::Settings& settings, Threads threads)
    : committer("committer", threads == Threads::own ? 1 : 0),
      bodies("bodies", threads == Threads::own ? body_threads : 0, unbounded),
      maildirs("maildir", threads == Threads::own ? settings.deliver.maildir.threads : 0, unbounded),
      passwords("passwords", threads == Threads::own ? settings.auth.threads : 0, settings.auth.waiting),
      proofs("proofs", threads == Threads::own ? 1 : 0, proofs_waiting),
      local("local", threads == Threads::own ? local_threads : 0, local_waiting),
      lookups("lookups", threads == Threads::own ? settings.auth.lookup_threads : 0, settings.auth.waiting),
      recipients("recipients", threads == Threads::own ? settings.auth.lookup_threads : 0, settings.lookup.waiting),
      housekeeping("housekeeping", threads == Threads::own ? 1 : 0, 4),
      histories("history", threads == Threads::own ? 1 : 0, unbounded) {}

std::vector<net::BoundedPool*> Pools::all() {
  return {&bodies, &maildirs, &passwords, &proofs, &lookups, &recipients, &local, &housekeeping, &histories};
}

std::size_t reactor_count(const config::Settings& settings) {
  if (settings.threads > 0) return settings.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace godwit::daemon
