// SPDX-License-Identifier: Apache-2.0
// Reports of how TLS with other domains' mail hosts went (RFC 8460).  Sessions are counted by UTC day; once a day, some
// time of the first hours so that not all hosts of the world report at once, each domain that asks for it in DNS gets a
// report of the day before, by HTTPS and by mail as it wishes.  What was counted survives a restart, and all but the
// last minute a crash.  Home reactor.
//
//  * A report that cannot be made or posted now is tried again for a day.  Where a domain wishes mail too, a failed
//    post is not repeated.
//  * A crash may repeat a report, under the same report-id.
//
// Logged: tls_report (sent), tls_report_failed, tls_report_dropped, tls_counts_full, tls_counts_unreadable,
// tls_counts_not_kept.
#pragma once

#include <cstddef>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/deliver/tls_session.hpp"
#include "godwit/dispatch/settings.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/mailauth/signers.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/net/tls.hpp"
#include "godwit/route/router.hpp"
#include "godwit/spool/spool.hpp"
#include "godwit/state/small_file.hpp"

namespace godwit::dispatch {

class TlsReports {
 public:
  static constexpr std::size_t largest_file = std::size_t{64} << 20U;

  // All of the home reactor; all outlive this.
  struct Surroundings {
    boost::asio::any_io_executor executor;
    net::Deadlines& deadlines;
    net::Network& network;
    dns::Resolver& resolver;
    spool::Spool& spool;
    const base::Clock& clock;
    base::Random& random;
    log::Logger& log;
    state::SmallFile& file;  // of up to largest_file bytes
  };
  struct Configuration {
    TlsReportSettings settings;
    std::string hostname;
    std::shared_ptr<const route::Router> router;
    std::shared_ptr<const net::TlsClientContext> tls;
    std::shared_ptr<const mailauth::Signers> signers;  // null: reports are not signed
  };
  TlsReports(Surroundings surroundings, Configuration configuration);
  ~TlsReports();

  boost::asio::awaitable<void> start();
  void change(Configuration configuration);
  // Writes what is new.  What is not done at the deadline stays undone.
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

  void count(const deliver::TlsSession& session);

  struct Sent {
    std::size_t reports = 0;
    std::size_t failed = 0;  // to be tried again
  };
  // At once, also of today, of which no other report will come for what was counted so far.
  boost::asio::awaitable<Sent> send_now();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace godwit::dispatch
