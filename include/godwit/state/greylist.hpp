// SPDX-License-Identifier: Apache-2.0
// Who has tried before: a mail server tries again when it is deferred, what sends spam in masses often does not.  A
// group (a network, or a domain with all its hosts) whose attempt was repeated is known for weeks.  Asking never waits;
// restarts forget nothing (kept_map.hpp).  Bounded: groups that are known and attempts apart from each other, so that a
// flood of attempts forgets nobody who is known.  Thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/state/kept_map.hpp"
#include "godwit/state/settings.hpp"

namespace godwit::state {

class Greylist {
 public:
  // `pool` may block, and runs one thing after the other.  The others outlive this and what it has started there.
  Greylist(const Settings& settings, boost::asio::any_io_executor pool, const base::Clock& clock, log::Logger& log);

  // Reads what is kept; blocks.  Nothing that is wrong with the file is an error: it is logged (greylist_rebuilt).
  void open();
  // Another bound of `entries` counts from the next start on.
  void change_settings(const GreylistSettings& settings);

  struct Answer {
    enum class Kind { known, now_known, early } kind = Kind::known;
    base::Duration time{};  // now_known: since its first attempt; early: until it may try again
  };
  // attempt: what is tried, such as the sender; it is noted.
  Answer ask(const std::string& group, const std::string& attempt);

  std::size_t known() const;
  std::size_t waiting() const;
  // Completes when all that was asked before is written.
  boost::asio::awaitable<base::Result<>> saved() { return entries_.saved(); }

 private:
  enum Table : std::size_t { groups, attempts };
  using Times = KeptMap::Times;

  bool is_current(std::size_t table, const Times& times, base::WallTime now) const;  // under the lock
  Answer ask_under_lock(const std::string& group, const std::string& attempt, base::WallTime now);

  const base::Clock& clock_;
  GreylistSettings settings_;
  KeptMap entries_;
};

}  // namespace godwit::state
