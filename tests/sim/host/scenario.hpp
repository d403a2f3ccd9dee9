// SPDX-License-Identifier: Apache-2.0
// One run: some hosts, their clients, their peers, and a plan of faults, all from one seed.  First hours of faults,
// then everything is well again, until nothing waits; then the ledger is settled.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/host/clients.hpp"
#include "sim/host/configuration.hpp"
#include "sim/host/daemon.hpp"
#include "sim/host/orders.hpp"
#include "sim/host/receiver.hpp"

namespace godwit::sim {

struct Report {
  std::uint64_t seed = 0;
  base::Duration virtual_time{};
  std::uint64_t events = 0;
  std::uint64_t trace = 0;
  std::uint64_t power_losses = 0;
  std::uint64_t starts = 0;
  std::uint64_t reloads = 0;
  std::uint64_t checks = 0;  // of a host's whole queue
  Ledger::Counts mail{};
  std::vector<std::string> complaints;
};

class Scenario {
 public:
  Scenario(std::uint64_t seed, Configurations& configurations, bool prints = false);
  ~Scenario();

  Report run();

 private:
  struct Elsewhere {
    std::string name;
    base::IpAddress here, there;
    std::unique_ptr<Receiver> receiver;
  };

  void build();
  void add_store(const Configuration& configuration);
  void plan_mail();
  void plan_faults();
  void plan_power();
  void plan_reloads();
  void plan_disks();
  void plan_network();
  void plan_names();
  void out_of_space(Daemon& host);
  void change_weather();
  void every(base::Duration mean, std::function<void()> what);
  Daemon& any_host() { return *hosts_[world_.random().below(hosts_.size())]; }
  Elsewhere& any_receiver() { return receivers_[world_.random().below(receivers_.size())]; }
  void strike();
  void heal();
  bool may_lie() const { return storm_ >= 2; }  // DNS; then two destinations may share an address
  enum class Look { first, last };
  void check_queue(Daemon& host, Look look);
  void collect();
  bool is_all_done();

  std::uint64_t seed_;
  Configurations& configurations_;
  World world_;
  Ledger ledger_;
  Internet network_;
  Names names_;
  std::vector<Configuration> configured_;
  std::vector<std::unique_ptr<Daemon>> hosts_;
  std::vector<Elsewhere> receivers_;
  std::vector<std::unique_ptr<Receiver>> stores_;  // of the hosts, by LMTP
  std::optional<Clients> clients_;
  Orders orders_;
  unsigned storm_ = 0;  // 0 to 3: how bad it is
  base::MonoTime calm_{};
  struct Strike {
    Daemon* host = nullptr;
    std::uint64_t at_step = 0;
    test::Loss loss{};
  };
  std::vector<Strike> strikes_;
  std::uint64_t checks_ = 0;
};

}  // namespace godwit::sim
