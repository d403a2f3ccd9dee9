// SPDX-License-Identifier: Apache-2.0
// Administrators who hold, release, retry, bounce and delete what waits, and what has to become of it: who was told
// that an order is carried out finds it so after every power loss, and nobody meets what nobody ordered.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/host/daemon.hpp"

namespace godwit::sim {

class Orders {
 public:
  using Hosts = std::vector<std::unique_ptr<Daemon>>;
  Orders(World& world, Ledger& ledger, const Hosts& hosts) : world_(world), ledger_(ledger), hosts_(hosts) {}

  // Any order about anything, to any host.
  void give();
  // Whatever is held anywhere goes on.
  void release_all();
  // A message that waits there.
  void check(const Daemon& host, const control::QueueEntry& entry);

 private:
  using Verb = control::QueueOrder::Verb;
  using Name = std::pair<base::IpAddress, std::string>;  // host and id
  struct Standing {
    bool must_be_held = false;
    bool must_be_gone = false;
  };

  void about_one(Daemon& host, Verb verb);
  void about_many(Daemon& host, Verb verb);
  void begins(const base::IpAddress& host, Verb verb, const Ledger::Meant& meant);

  World& world_;
  Ledger& ledger_;
  const Hosts& hosts_;
  std::map<Name, Standing> standing_;
  std::map<base::IpAddress, std::vector<Ledger::Meant>> may_be_held_;  // by their hosts
};

}  // namespace godwit::sim
