// SPDX-License-Identifier: Apache-2.0
// Who listens where, and what becomes of connections: the network between the hosts, their clients and their peers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "sim/host/wire.hpp"

namespace godwit::sim {

class Internet {
 public:
  explicit Internet(World& world) : world_(world) {}
  ~Internet();  // whoever still holds the end of a wire lets go

  // Gets the server's side of a new connection.
  using Accept = std::function<void(std::shared_ptr<Wire>)>;
  // Several may listen at one address (the reactors of a host): chance chooses.  The ticket ends it.
  using Ticket = std::shared_ptr<void>;
  Ticket listen(const base::Endpoint& at, Accept accept);

  struct Attempt {
    enum class Kind { connected, refused, silent } kind = Kind::refused;
    std::shared_ptr<Wire> wire{};
  };
  // As it is decided when the first packet arrives.
  Attempt connect(const base::IpAddress& from, const base::Endpoint& to);

  // Between these two nothing passes until it is mended; the order does not matter.
  void part(const base::IpAddress& one, const base::IpAddress& other);
  void mend() { parted_.clear(); }
  // So many of a hundred new connections are refused, stay unanswered, are cut after a while, are slow, or pass bytes
  // in pieces.
  struct Weather {
    unsigned refused = 0;
    unsigned silent = 0;
    unsigned cut = 0;
    unsigned slow = 0;
    unsigned crumbling = 0;
  };
  void set_weather(Weather weather) { weather_ = weather; }
  // Of all connections that are up, this percentage.
  void cut_some(unsigned percent, Wire::Cut how);
  void watch(Wire::Watcher* watcher) { watcher_ = watcher; }
  // The present ones, of both sides open.
  std::vector<std::shared_ptr<Wire>> wires();

 private:
  struct Listener {
    base::Endpoint at;
    Accept accept;
  };

  World& world_;
  std::vector<std::weak_ptr<Listener>> listeners_;
  std::set<std::pair<base::IpAddress, base::IpAddress>> parted_;
  std::vector<std::weak_ptr<Wire>> wires_;
  Weather weather_;
  Wire::Watcher* watcher_ = nullptr;
  std::uint64_t numbers_ = 0;
  std::uint16_t ports_ = 1024;
};

}  // namespace godwit::sim
