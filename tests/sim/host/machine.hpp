// SPDX-License-Identifier: Apache-2.0
// What a simulated host stands on for one life, from its start to its end or the next power loss: reactors and pools
// that the world runs, and the world's time, disk, names and network.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/machine.hpp"
#include "sim/host/names.hpp"
#include "sim/host/stream.hpp"
#include "support/sim_disk.hpp"

namespace godwit::sim {

// The wall clock jumps; mono does not.
class HostClock final : public base::Clock {
 public:
  explicit HostClock(const World& world) : world_(world) {}
  base::WallTime wall() const override {
    return base::WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)) + world_.now().time_since_epoch() +
           off_;
  }
  base::MonoTime mono() const override { return world_.now(); }
  void jump(base::Duration by) {
    off_ += by;
    back_ += std::max(-by, base::Duration(0));
  }
  // In all.
  base::Duration jumped_back() const { return back_; }

 private:
  const World& world_;
  base::Duration off_{};
  base::Duration back_{};
};

class Machine final : public daemon::Machine {
 public:
  struct Place {
    World& world;
    Internet& network;
    Names& names;
    const HostClock& clock;
    test::SimDisk& disk;
    base::IpAddress address;
    // How long an operation of the disk takes.
    std::function<base::Duration(std::uint64_t bytes, bool is_sync)> disk_time;
  };
  Machine(Place place, const config::Settings& settings);
  ~Machine() override;

  const base::Clock& clock() const override { return place_.clock; }
  base::Random& random() override { return random_; }
  disk::Disk& disk() override { return place_.disk; }
  net::ReactorPool& reactors() override { return *reactors_; }
  daemon::Pools& pools() override { return pools_; }

  base::Result<std::vector<net::BoundSocket>> bind(const base::Endpoint& endpoint, std::size_t reactors,
                                                   const net::BindOptions& options,
                                                   std::vector<net::FileDescriptor> left) override;
  std::unique_ptr<net::Listener> listen(net::BoundSocket socket) override;
  std::unique_ptr<dns::Transport> dns_transport(std::size_t reactor, const dns::Settings& settings) override;
  std::function<boost::asio::awaitable<void>(base::Duration)> pause() override;
  void start_reactors() override;
  bool wait(std::future<void>& running, base::MonoTime deadline) override;
  void run(boost::asio::io_context& context) override;

  // Nothing reaches the network any more.
  void unplug() { lines_.unplug(); }
  // Nothing runs any more: all that waits is destroyed.
  void abandon();

 private:
  boost::asio::awaitable<void> rest(base::Duration wait);

  Place place_;
  base::SeededRandom random_;
  net::Deadlines deadlines_;  // of the disk and the pools
  Lines lines_;
  std::unique_ptr<net::ReactorPool> reactors_;
  daemon::Pools pools_;
};

}  // namespace godwit::sim
