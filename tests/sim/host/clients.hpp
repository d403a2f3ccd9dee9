// SPDX-License-Identifier: Apache-2.0
// Who sends mail to the hosts: those whose network is trusted, strangers, users with an account, and those who try what
// they may not.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/host/daemon.hpp"
#include "sim/host/sender.hpp"

namespace godwit::sim {

class Clients {
 public:
  using Hosts = std::vector<std::unique_ptr<Daemon>>;
  // The worse the storm, the more of them hang up or fall silent.
  Clients(World& world, Internet& network, Ledger& ledger, const Hosts& hosts, unsigned storm)
      : world_(world), network_(network), ledger_(ledger), hosts_(hosts), storm_(storm) {}

  // One connection, with a few messages, where a host takes mail from others.
  void send();
  // The same where it takes mail from its users, if it has any.
  void submit();
  // More connections or messages than one client, or all, may have.
  void flood();

 private:
  Daemon& any_host() { return *hosts_[world_.random().below(hosts_.size())]; }
  std::string somebody(bool at_home, const Daemon& host);
  std::set<std::string> recipients(const Daemon& host, unsigned at_home);
  std::size_t any_size();
  Sender::Manners any_manners();
  Login any_login(const Daemon& host);
  std::string sender_of(const Login& login);
  void smuggle(Mail& mail);
  void connect(const base::IpAddress& from, const Daemon& host, std::size_t messages);
  void start(const base::IpAddress& from, const Daemon& host, std::uint16_t port, std::vector<Mail> mails,
             Sender::Manners manners);

  World& world_;
  Internet& network_;
  Ledger& ledger_;
  const Hosts& hosts_;
  unsigned storm_;
};

}  // namespace godwit::sim
