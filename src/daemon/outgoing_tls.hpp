// SPDX-License-Identifier: Apache-2.0
// What outgoing TLS needs beside connections: the MTA-STS policies of other domains.  Home reactor.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/disk/disk.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/reactor.hpp"
#include "godwit/route/sts_policies.hpp"
#include "live_settings.hpp"

namespace godwit::daemon {

class OutgoingTls {
 public:
  // All outlive this.
  struct Surroundings {
    net::Reactor& home;
    dns::Resolver& resolver;
    disk::Disk& disk;
    boost::asio::any_io_executor pool;  // for the disk
    const base::Clock& clock;
    log::Logger& log;
  };
  OutgoingTls(Surroundings surroundings, const LiveSettings& live);

  boost::asio::awaitable<void> start();
  void change(const LiveSettings& live);
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

  route::StsPolicies& policies() { return policies_; }

 private:
  state::SmallFile policies_file_;
  route::StsPolicies policies_;
};

}  // namespace godwit::daemon
