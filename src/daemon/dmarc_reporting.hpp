// SPDX-License-Identifier: Apache-2.0
// What DMARC tells others of their mail, and others us of ours: reports of what was counted, and sums of what was
// received.  Home reactor.
#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/random.hpp"
#include "godwit/dispatch/dmarc_reports.hpp"
#include "godwit/dispatch/received_dmarc_reports.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/reactor.hpp"
#include "godwit/spool/spool.hpp"
#include "godwit/state/dmarc_counts.hpp"
#include "godwit/state/dmarc_sums.hpp"
#include "live_settings.hpp"

namespace godwit::daemon {

class DmarcReporting {
 public:
  // All outlive this.
  struct Surroundings {
    net::Reactor& home;
    dns::Resolver& resolver;
    spool::Spool& spool;
    boost::asio::any_io_executor pool;  // one thing after the other
    const base::Clock& clock;
    base::Random& random;
    log::Logger& log;
    state::DmarcCounts& counts;
  };
  DmarcReporting(Surroundings surroundings, const LiveSettings& live, std::shared_ptr<const route::Router> router);

  void start() { reports_.start(); }
  void change(const LiveSettings& live, std::shared_ptr<const route::Router> router);
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

  state::DmarcSums& sums() { return sums_; }
  dispatch::DmarcReports& reports() { return reports_; }
  dispatch::ReceivedDmarcReports& received() { return received_; }

 private:
  state::DmarcSums sums_;
  dispatch::DmarcReports reports_;
  dispatch::ReceivedDmarcReports received_;
};

// Whether anybody is told: only then messages are counted.
bool are_dmarc_reports_sent(const LiveSettings& live);

}  // namespace godwit::daemon
