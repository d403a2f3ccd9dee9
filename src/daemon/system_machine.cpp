// SPDX-License-Identifier: Apache-2.0
#include "system_machine.hpp"

#include <algorithm>
#include <utility>

#include "godwit/net/ares_transport.hpp"

namespace godwit::daemon {

base::Result<std::vector<net::BoundSocket>> SystemMachine::bind(const base::Endpoint& endpoint, std::size_t reactors,
                                                                const net::BindOptions& options,
                                                                std::vector<net::FileDescriptor> left) {
  return net::bind_listeners(endpoint, reactors, options, std::move(left));
}

std::unique_ptr<net::Listener> SystemMachine::listen(net::BoundSocket socket) {
  auto& reactor = reactors_[socket.reactor];
  return net::make_listener(reactor, std::move(socket));
}

std::unique_ptr<dns::Transport> SystemMachine::dns_transport(std::size_t reactor, const dns::Settings& settings) {
  return std::make_unique<net::AresTransport>(reactors_[reactor].executor(), settings, random_);
}

bool SystemMachine::wait(std::future<void>& running, base::MonoTime deadline) {
  if (deadline == base::no_deadline) return running.wait(), true;
  const auto patience = std::max(base::Duration::zero(), deadline - clock_.mono());
  return running.wait_for(patience) == std::future_status::ready;
}

}  // namespace godwit::daemon
