// SPDX-License-Identifier: Apache-2.0
// The machine that the process runs on.  The threads of pools and reactors begin when the host starts them.
#pragma once

#include "godwit/disk/posix_disk.hpp"
#include "machine.hpp"

namespace godwit::daemon {

class SystemMachine final : public Machine {
 public:
  SystemMachine(const config::Settings& settings, const base::Clock& clock, const net::KeyHolder& keys)
      : clock_(clock), keys_(keys), reactors_(clock, reactor_count(settings)), pools_(settings, Pools::Threads::own) {}

  const base::Clock& clock() const override { return clock_; }
  base::Random& random() override { return random_; }
  disk::Disk& disk() override { return disk_; }
  net::ReactorPool& reactors() override { return reactors_; }
  Pools& pools() override { return pools_; }

  base::Result<std::vector<net::BoundSocket>> bind(const base::Endpoint& endpoint, std::size_t reactors,
                                                   const net::BindOptions& options,
                                                   std::vector<net::FileDescriptor> left) override;
  std::unique_ptr<net::Listener> listen(net::BoundSocket socket) override;
  std::unique_ptr<dns::Transport> dns_transport(std::size_t reactor, const dns::Settings& settings) override;
  const net::KeyHolder& keys() const override { return keys_; }
  void start_reactors() override { reactors_.start(); }
  bool wait(std::future<void>& running, base::MonoTime deadline) override;
  void run(boost::asio::io_context& context) override { context.run(); }

 private:
  const base::Clock& clock_;
  const net::KeyHolder& keys_;
  base::SystemRandom random_;
  disk::PosixDisk disk_;
  net::ReactorPool reactors_;
  Pools pools_;
};

}  // namespace godwit::daemon
