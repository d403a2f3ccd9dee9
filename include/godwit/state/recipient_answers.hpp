// SPDX-License-Identifier: Apache-2.0
// What next hops have said of recipients of our domains: whether each is there, and which hosts take every address that
// there could be.  Asking never waits; restarts forget nothing (kept_map.hpp).  Bounded: those that are there, those
// that are not and domains apart from each other, so that who guesses at addresses makes no known one forgotten.
// Thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/state/kept_map.hpp"
#include "godwit/state/settings.hpp"

namespace godwit::state {

class RecipientAnswers {
 public:
  // `pool` may block, and runs one thing after the other.  The others outlive this and what it has started there.
  RecipientAnswers(const Settings& settings, boost::asio::any_io_executor pool, const base::Clock& clock,
                   log::Logger& log);

  // Reads what is kept; blocks.  Nothing that is wrong with the file is an error: it is logged (callouts_rebuilt).
  void open();
  // Another bound of `entries` counts from the next start on.
  void change_settings(const CalloutCacheSettings& settings);

  // Whether the address is there, so far as that need not be asked again.
  std::optional<bool> recall(const std::string& address);
  // That it was there when it was asked last counts longer where it cannot be asked again.
  bool was_there(const std::string& address);
  void remember(const std::string& address, bool there);

  // Whether the domain's hosts take every address; nothing: that is to be asked (again).
  std::optional<bool> takes_all(const std::string& domain);
  void remember_domain(const std::string& domain, bool takes_all);

  // Completes when all that was noted before is written.
  boost::asio::awaitable<base::Result<>> saved() { return entries_.saved(); }

 private:
  enum Table : std::size_t { present, absent, takers_of_all, others };
  static constexpr std::size_t tables = 4;

  bool is_younger(std::size_t table, const std::string& key, base::Duration age);  // under the lock
  void move(const std::string& key, Table from, Table to);

  const base::Clock& clock_;
  CalloutCacheSettings settings_;
  KeptMap entries_;
};

}  // namespace godwit::state
