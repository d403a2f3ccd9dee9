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

std::size_t count(Pools::Threads threads, std::size_t own) {
  return threads == Pools::Threads::own ? own : 0;
}

}  // namespace

Pools::Pools(const config::Settings& settings, Threads threads)
    : committer("committer", count(threads, 1), net::Begin::later),
      bodies("bodies", count(threads, body_threads), unbounded, net::Priority::normal, net::Begin::later),
      background("background", count(threads, 1), unbounded, net::Priority::background, net::Begin::later),
      maildirs("maildir", count(threads, settings.deliver.maildir.threads), unbounded, net::Priority::normal,
               net::Begin::later),
      passwords("passwords", count(threads, settings.auth.threads), settings.auth.waiting, net::Priority::normal,
                net::Begin::later),
      proofs("proofs", count(threads, 1), proofs_waiting, net::Priority::normal, net::Begin::later),
      local("local", count(threads, local_threads), local_waiting, net::Priority::normal, net::Begin::later),
      lookups("lookups", count(threads, settings.auth.lookup_threads), settings.auth.waiting, net::Priority::normal,
              net::Begin::later),
      recipients("recipients", count(threads, settings.auth.lookup_threads), settings.lookup.waiting,
                 net::Priority::normal, net::Begin::later),
      housekeeping("housekeeping", count(threads, 1), 4, net::Priority::normal, net::Begin::later),
      indexing("history-index", count(threads, 1), unbounded, net::Priority::background, net::Begin::later),
      histories("history", count(threads, 1), unbounded, net::Priority::normal, net::Begin::later) {}

void Pools::start() {
  committer.start();
  for (auto* pool : all()) pool->start();
}

std::vector<net::BoundedPool*> Pools::all() {
  return {&bodies,     &background, &maildirs,     &passwords, &proofs,  &lookups,
          &recipients, &local,      &housekeeping, &histories, &indexing};
}

std::size_t reactor_count(const config::Settings& settings) {
  if (settings.threads > 0) return settings.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace godwit::daemon
