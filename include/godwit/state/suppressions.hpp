// SPDX-License-Identifier: Apache-2.0
// Addresses that get no mail from us for a time: it came back, its recipient complained, or an administrator says so.
// All of them are kept in memory, so that asking costs nothing and never waits; SQLite keeps them over restarts.
// Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/state/settings.hpp"

namespace godwit::state {

struct Suppression {
  std::string address{};  // in lower case
  std::string klass{};    // "bad_mailbox", "complaint", "manual"
  std::string reason{};   // the words of a host or an administrator; may be empty
  std::string source{};   // "bounce", "report", "complaint", "administrator"
  base::WallTime added{};
  base::WallTime expires{};
  bool operator==(const Suppression&) const = default;
};

class Suppressions {
 public:
  static constexpr std::size_t longest_reason = 300;

  // `pool` may block, and runs one thing after the other.  The others outlive this and what it has started there.
  Suppressions(const Settings& settings, boost::asio::any_io_executor pool, const base::Clock& clock, log::Logger& log)
      : settings_(settings), pool_(std::move(pool)), clock_(clock), log_(log) {}

  // Reads what is kept; blocks.  Errors: those of the file.
  base::Result<> open();

  std::optional<Suppression> find(std::string_view address) const;
  // In order of address, from the first greater than `after`.
  std::vector<Suppression> list(std::size_t limit, std::string_view after) const;

  // Counts at once, and is written soon.  An address that is there is changed.  When `added` and `expires` are not set:
  // from now on, for the time of the settings.  Errors: exhausted (so many addresses are kept already).
  base::Result<> add(Suppression suppression);
  base::Result<> remove(std::string_view address);  // not_found
  // Completes when all that was changed before is durable.
  boost::asio::awaitable<base::Result<>> saved();

 private:
  using Entries = std::map<std::string, Suppression, std::less<>>;

  void change(const std::string& address);  // under the lock
  void forget_expired();                    // under the lock
  base::Result<> save();                    // on the pool

  const Settings settings_;
  boost::asio::any_io_executor pool_;
  const base::Clock& clock_;
  log::Logger& log_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::set<std::string> unsaved_;
  bool saving_ = false;
};

}  // namespace godwit::state
