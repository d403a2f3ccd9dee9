// SPDX-License-Identifier: Apache-2.0
// What outgoing TLS needs beside connections: the MTA-STS policies of other domains, and the reports of how TLS with
// them went.  Home reactor.
#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/random.hpp"
#include "godwit/deliver/tls_session.hpp"
#include "godwit/disk/disk.hpp"
#include "godwit/dispatch/tls_reports.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/reactor.hpp"
#include "godwit/route/sts_policies.hpp"
#include "godwit/spool/spool.hpp"
#include "live_settings.hpp"

namespace godwit::daemon {

class OutgoingTls {
 public:
  // All outlive this.
  struct Surroundings {
    net::Reactor& home;
    dns::Resolver& resolver;
    spool::Spool& spool;
    disk::Disk& disk;
    boost::asio::any_io_executor pool;  // for the disk
    const base::Clock& clock;
    base::Random& random;
    log::Logger& log;
  };
  OutgoingTls(Surroundings surroundings, const LiveSettings& live, std::shared_ptr<const route::Router> router);

  boost::asio::awaitable<void> start();
  void change(const LiveSettings& live, std::shared_ptr<const route::Router> router);
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

  route::StsPolicies& policies() { return policies_; }
  dispatch::TlsReports& reports() { return reports_; }
  // For the agents; any thread.
  deliver::OnTlsSession counter();

 private:
  boost::asio::any_io_executor home_;
  state::SmallFile policies_file_;
  state::SmallFile counts_file_;
  route::StsPolicies policies_;
  dispatch::TlsReports reports_;
};

}  // namespace godwit::daemon
