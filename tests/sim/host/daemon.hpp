// SPDX-License-Identifier: Apache-2.0
// One complete mail host: its disk, its clock, its configuration, and its lives.  It loses power, is stopped, started
// again and reloaded by the world; what it says it logs into the trace.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/host.hpp"
#include "daemon/live_settings.hpp"
#include "godwit/control/backend.hpp"
#include "sim/host/ledger.hpp"
#include "sim/host/machine.hpp"

namespace godwit::sim {

class Daemon;

struct Around {
  World& world;
  Internet& network;
  Names& names;
  Ledger& ledger;
  std::function<void(Daemon&)> started{};  // told of each start that came to its end
};

class Daemon {
 public:
  Daemon(Around around, std::string name, base::IpAddress address, std::string configuration_file,
         std::shared_ptr<const daemon::LiveSettings> live);
  ~Daemon();

  const std::string& name() const { return name_; }
  const base::IpAddress& address() const { return address_; }
  HostClock& clock() { return clock_; }
  test::SimDisk& disk() { return disk_; }
  const config::Settings& settings() const { return live_->settings; }

  bool has_users() const { return settings().server.listeners.size() > 1; }

  // All of these inside of events, or between steps.
  void start();
  void lose_power(test::Loss loss, base::Duration until_it_comes_back);
  void stop(base::Duration until_it_starts_again);
  // What the file says by now; null: it is wrong, and nothing changes.
  void reload(std::shared_ptr<const daemon::LiveSettings> live);
  bool is_up() const { return life_ && !busy_; }

  // The next operation of the disk but so many fails once.
  void fail_disk(std::uint64_t after, int code);
  // Until then operations take so much longer.
  void slow_disk(base::Duration at_most, base::MonoTime until);
  // So many bytes more, and files or none.
  void fill_disk(std::uint64_t left, bool inodes);
  void clear_disk();
  // Trouble of the disk explains a repeated delivery, as a crash does.
  void note_trouble();

  // What waits, as an administrator sees it; nothing where the host is down, ends, or does not say.  Drives the world
  // meanwhile.
  std::optional<std::vector<control::QueueEntry>> queue();
  // An administrator's, of one message or of all that are meant, while everything else goes on; `then` hears whether it
  // is carried out, or nothing, where the host ends first.
  void order(control::QueueOrder order, std::optional<base::MessageId> id, dispatch::Selector selector,
             std::function<void(bool)> then);
  std::uint64_t starts() const { return starts_; }
  std::uint64_t power_losses() const { return power_losses_; }
  std::uint64_t reloads() const { return reloads_; }

  struct Filed {
    std::string name;
    std::string recipient;
    std::string message;
  };
  // What lies in the mailboxes now, but for these, and for what users have fetched.
  std::vector<Filed> filed(const std::set<std::string>& but = {}) const;
  // What was not there before.
  std::vector<Filed> collect();

 private:
  class Log;
  struct Life;

  base::Duration disk_time(std::uint64_t bytes, bool is_sync);
  void start_later(base::Duration wait);
  void end_life();
  void fail(std::uint64_t life);
  static std::optional<std::string> recipient_of(const std::string& path);
  void fetch(const std::string& path);
  void settle(base::Duration wait);

  Around around_;
  std::string name_;
  base::IpAddress address_;
  std::string configuration_file_;
  std::shared_ptr<const daemon::LiveSettings> live_;
  HostClock clock_;
  test::SimDisk disk_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Life> life_;
  bool busy_ = false;  // starts, stops, or is asked: inside of a call
  struct Loss {
    test::Loss loss;
    base::Duration wait;
  };
  std::optional<Loss> lost_;  // meanwhile
  base::Duration slowness_{};
  base::MonoTime slow_until_{};
  std::deque<std::pair<base::MonoTime, std::string>> filed_lately_;
  std::set<std::string> collected_;
  std::uint64_t starts_ = 0;
  std::uint64_t power_losses_ = 0;
  std::uint64_t reloads_ = 0;
};

}  // namespace godwit::sim
