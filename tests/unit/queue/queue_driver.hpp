// SPDX-License-Identifier: Apache-2.0
// Drives a queue as the dispatcher does, and keeps the grants that are out.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "godwit/queue/queue.hpp"

namespace godwit::queue {

inline constexpr base::WallTime start{std::chrono::hours(24 * 365)};

inline Key key(std::uint64_t id, std::string destination = "a.example") {
  return {{id}, std::move(destination)};
}

inline Item item(const Key& item_key, base::Duration wait = {}) {
  return {.key = item_key, .accepted = start, .next_attempt = start + wait};
}

inline Settings with_connections(std::size_t all, std::size_t per_destination) {
  Settings settings;
  settings.connections = all;
  settings.sites = {{.pattern = "*", .limits = {.connections = per_destination, .rate = {}, .adaptive = false}}};
  return settings;
}

class Driver {
 public:
  explicit Driver(const Settings& settings) : queue(settings) {}

  // What due() started, as "id destination", with "(probe)" or "(overdue)"; or "sleep", "sleep 5m".
  std::string next(base::WallTime now) {
    Due due = queue.due(now);
    if (const auto* work = std::get_if<Work>(&due)) {
      grants[work->item.key] = work->grant;
      auto text = std::to_string(work->item.key.id.value) + " " + work->item.key.destination;
      if (work->grant.kind == Grant::Kind::probe) text += " (probe)";
      if (work->grant.kind == Grant::Kind::overdue) text += " (overdue)";
      return text;
    }
    const auto until = std::get<SleepUntil>(due).until;
    return until ? "sleep " + base::format_duration(*until - now) : "sleep";
  }
  std::vector<std::string> drain(base::WallTime now) {
    std::vector<std::string> started;
    do {
      started.push_back(next(now));
    } while (!started.back().starts_with("sleep"));
    return started;
  }
  void end(const Key& of, base::WallTime now, SiteReport::Kind kind = SiteReport::Kind::success) {
    queue.ended(grants.at(of), {.kind = kind, .reply = "421 4.3.2 not now", .fraction = 0.5}, now);
    grants.erase(of);
  }
  void deliver(const Key& of, base::WallTime now) {
    end(of, now);
    queue.remove(of);
  }
  // Its attempt found no host; tried again in `wait`.
  void fail(const Key& of, base::WallTime now, base::Duration wait) {
    end(of, now, SiteReport::Kind::dead);
    queue.reschedule(of, {.attempt = now + wait, .attempts = 1, .deadline = never, .with_site = true});
  }
  State state(const Key& of) const { return queue.find(of)->state; }

  Queue queue;
  std::map<Key, Grant> grants;
};

// A queue whose invariants hold at the end of every test.
class QueueFixture : public ::testing::Test, public Driver {
 protected:
  explicit QueueFixture(const Settings& settings = with_connections(10, 2)) : Driver(settings) {}
  void TearDown() override { EXPECT_EQ(queue.check(), ""); }
};

}  // namespace godwit::queue
