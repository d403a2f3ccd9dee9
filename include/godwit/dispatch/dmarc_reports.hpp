// SPDX-License-Identifier: Apache-2.0
// Aggregate reports of DMARC (RFC 9990): messages of strangers were counted by UTC day and policy (state/dmarc_counts);
// once a day, some time of the first hours, each domain that asks for it in DNS gets a report of the day before by
// mail.  Addresses outside of its organisation get one only where their host says in DNS that they take it.  Home
// reactor.
//
//  * What cannot be sent now is tried again for a day.
//  * No address gets a report twice: it is claimed before the report goes into the spool.  A crash between the two
//    loses this one report to this one address; what was counted in the last seconds is lost, too.
//
// Logged: dmarc_report (sent), dmarc_report_failed, dmarc_report_refused (an address that must not be used),
// dmarc_report_dropped, dmarc_counts_not_kept.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/base/result.hpp"
#include "godwit/dispatch/settings.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/mailauth/organizational_domain.hpp"
#include "godwit/mailauth/signers.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/route/router.hpp"
#include "godwit/spool/spool.hpp"
#include "godwit/state/dmarc_counts.hpp"

namespace godwit::dispatch {

class DmarcReports {
 public:
  // All of the home reactor; all outlive this.
  struct Surroundings {
    boost::asio::any_io_executor executor;
    boost::asio::any_io_executor pool;  // may block
    net::Deadlines& deadlines;
    net::Network& network;
    dns::Resolver& resolver;
    spool::Spool& spool;
    const base::Clock& clock;
    base::Random& random;
    log::Logger& log;
    state::DmarcCounts& counts;
  };
  struct Configuration {
    DmarcReportSettings settings;
    std::string hostname;
    std::shared_ptr<const route::Router> router;
    std::shared_ptr<const mailauth::Signers> signers;  // null: reports are not signed
    mailauth::OrganizationalDomain organizational_domain;
  };
  DmarcReports(Surroundings surroundings, Configuration configuration);
  ~DmarcReports();

  void start();
  void change(Configuration configuration);
  // Writes what is new.  What is not done at the deadline stays undone.
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

  struct Sent {
    std::size_t reports = 0;  // to one address or more
    std::size_t failed = 0;   // to be tried again
  };
  // At once, also of today, of which what comes later will be in another report.
  boost::asio::awaitable<base::Result<Sent>> send_now();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace godwit::dispatch
