// SPDX-License-Identifier: Apache-2.0
// Notices accounts that send as they never did before: a stolen password, a program gone wild.  Of each account it
// learns what a busy hour is (recipients, different recipients, the share of recipients that are refused) and stops
// the account when an hour goes far beyond that and beyond what the settings allow to everybody.  Whoever is stopped
// stays so until an administrator lets it go on.  Bounded: of accounts that send nothing the oldest is forgotten, but
// none that is stopped.  Time comes in.  Thread-safe: asked by every reactor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/recent_map.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

struct StoppedAccount {
  std::string name;
  base::WallTime since{};
  std::string reason;   // "1501 recipients in an hour; 300 were the most before"
  bool purged = false;  // its mail was thrown away: what it sent is no measure for later
  bool operator==(const StoppedAccount&) const = default;
};

class AccountBreaker {
 public:
  explicit AccountBreaker(BreakerSettings settings) : settings_(std::move(settings)) {}
  void change_settings(BreakerSettings settings);
  // Called once for each account that is stopped, on the thread that noticed it.  To be set before anything is asked.
  void on_stop(std::function<void(const StoppedAccount&)> told) { on_stop_ = std::move(told); }

  bool is_stopped(const std::string& account) const;
  // It wants to send to this address.  False: it is stopped, perhaps by this.
  bool recipient(const std::string& account, std::string_view address, base::WallTime now);
  // So many of its recipients were refused for good, at RCPT or when they were delivered to.
  void refused(const std::string& account, std::size_t recipients, base::WallTime now);

  std::vector<StoppedAccount> stopped() const;  // in order of name
  // What it did is taken as usual from now on, unless its mail was thrown away.  false: it was not stopped.
  bool release(const std::string& account, base::WallTime now);
  bool mark_purged(const std::string& account);

  // What a restart must not forget, as lines of text; at most `longest` bytes, the accounts that sent last first.
  std::string encode(std::size_t longest) const;
  // Before anything is asked.  Lines that cannot be read are left out.
  void decode(std::string_view text);
  // Grows with everything that encode() would write differently.
  std::uint64_t changes() const;

 private:
  static constexpr std::size_t most_accounts = 10'000;
  static constexpr std::size_t most_stopped = 1'000;

  struct Measure {
    std::uint32_t recipients = 0;
    std::uint32_t different = 0;
    std::uint32_t refused_percent = 0;
    bool operator==(const Measure&) const = default;
  };
  struct Hour {
    base::WallTime since{};
    std::uint32_t recipients = 0;
    std::uint32_t refused = 0;
    std::array<std::uint64_t, 32> seen{};  // a bit for each recipient, by its hash
    std::uint32_t different() const;       // recipients, estimated by the bits
    Measure measure() const;
  };
  struct Known {
    Hour hour;
    Measure today;    // the most of an hour
    Measure learned;  // the same of former days, fading
    std::int64_t day = 0;
  };

  Known& touch(const std::string& account, base::WallTime now);
  static void raise(Measure& known, const Measure& other);
  static std::string line_of(std::string_view kind, std::int64_t day, const Measure& measure, std::string_view name);
  static void close_hour(Known& known);
  static void turn_day(Known& known, base::WallTime now);
  std::optional<std::string> excess(const Known& known) const;
  std::optional<StoppedAccount> check(const std::string& account, const Known& known, base::WallTime now);
  bool is_exempt(const std::string& account) const;

  mutable std::mutex mutex_;
  BreakerSettings settings_;
  std::function<void(const StoppedAccount&)> on_stop_;
  base::RecentMap<std::string, Known> accounts_{most_accounts};
  std::map<std::string, StoppedAccount> stopped_;
  std::uint64_t changes_ = 0;
};

}  // namespace godwit::policy
