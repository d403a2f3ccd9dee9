// SPDX-License-Identifier: Apache-2.0
// Makes connections to milters, and keeps those that may serve another client.  One for each reactor.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>

#include "godwit/base/clock.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/net/canceller.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

class MilterLink;

class MilterConnections {
 public:
  // All outlive it.  scratch: the reactor's read buffer.
  MilterConnections(net::Network& network, dns::Resolver& resolver, std::span<char> scratch);
  ~MilterConnections();

  // One that was kept; null: there is none.
  std::unique_ptr<MilterLink> take_kept(const MilterSettings& settings);
  // A new one that has agreed on the protocol, within the time for connecting and before `end`.  `canceller` ends the
  // attempt.
  net::Task<std::unique_ptr<MilterLink>> connect(const MilterSettings& settings, net::Canceller& canceller,
                                                 base::MonoTime end);
  // Its client is gone: it is kept where there is room, or ended.
  void give_back(const MilterSettings& settings, std::unique_ptr<MilterLink> link);

  net::Network& network() { return network_; }

 private:
  struct Kept {
    ServerAddress address;
    base::MonoTime since;
    std::unique_ptr<MilterLink> link;
  };
  void drop_old();

  net::Network& network_;
  dns::Resolver& resolver_;
  std::span<char> scratch_;
  std::deque<Kept> kept_;
};

}  // namespace godwit::policy
