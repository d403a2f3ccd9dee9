// SPDX-License-Identifier: Apache-2.0
// A mail host elsewhere that takes mail for a domain, in its moods.  A message that it has whole, and says so, is noted
// in the ledger, whether its answer arrives or not.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/host/internet.hpp"
#include "sim/host/ledger.hpp"
#include "sim/host/party.hpp"

namespace godwit::sim {

// In a hundred connections, recipients or messages.
struct Moods {
  unsigned unwilling = 0;   // 421, or a 4xx to something
  unsigned rejecting = 0;   // 5xx, for good
  unsigned hanging_up = 0;  // somewhere
  unsigned mute = 0;        // says nothing more, somewhere
  unsigned slow = 0;
  unsigned half_closing = 0;
};

class Receiver {
 public:
  enum class Protocol { smtp, lmtp };
  Receiver(World& world, Internet& network, Ledger& ledger, base::IpAddress address, std::set<std::string> domains,
           Protocol protocol = Protocol::smtp)
      : world_(world),
        network_(network),
        ledger_(ledger),
        address_(address),
        domains_(std::move(domains)),
        protocol_(protocol) {}

  void open();
  void close() { ticket_.reset(); }
  // New connections find it there; those that are open go on.
  void move_to(base::IpAddress address);
  const base::IpAddress& address() const { return address_; }
  void set_moods(Moods moods) { moods_ = moods; }

 private:
  class Session;

  World& world_;
  Internet& network_;
  Ledger& ledger_;
  base::IpAddress address_;
  std::set<std::string> domains_;
  Protocol protocol_;
  Moods moods_;
  Internet::Ticket ticket_;
};

}  // namespace godwit::sim
