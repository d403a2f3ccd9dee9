// SPDX-License-Identifier: Apache-2.0
// How the daemon is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "godwit/acme/state.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/histogram.hpp"
#include "godwit/control/event_counts.hpp"
#include "godwit/dispatch/dispatcher.hpp"
#include "godwit/policy/account_breaker.hpp"
#include "godwit/policy/list_health.hpp"
#include "godwit/queue/queue.hpp"
#include "godwit/spool/spool.hpp"
#include "godwit/state/history.hpp"

namespace godwit::control {

// A certificate of ours: what is in force (subject to expires) and what is wrong with its files now.
struct Certificate {
  std::string file;
  std::string subject;
  std::vector<std::string> names;
  std::optional<base::WallTime> valid_from;
  std::optional<base::WallTime> expires;
  std::optional<base::WallTime> staple_until = {};  // of its OCSP response
  std::string staple_error = {};                    // why it is handed out without one though it should not
  std::string error;                                // empty: what the files hold is in force
  std::string out_of_date;                          // in force, but expired or not yet valid; empty: it is valid
};

struct Status {
  std::string version;
  base::Duration uptime{};
  bool healthy = true;
  std::uint64_t messages = 0;  // in the spool; the states below count transactions (message and destination)
  queue::Counts queue;
  dispatch::AuditCounts audit;
  std::size_t connections_in = 0;
  std::size_t connections_out = 0;
  spool::Statistics spool;
  state::HistoryCounts history;
  std::string spool_directory;         // that is open; a reload does not change it
  std::vector<std::string> listeners;  // "127.0.0.1:25"
  std::string dns_validation;          // dns::Validation: whether signed answers can be told from others
  std::vector<Certificate> certificates;
  std::optional<acme::State> acme = {};  // of the one that the daemon gets for itself; empty: it gets none
  std::vector<policy::StoppedAccount> stopped_accounts = {};
  std::vector<policy::ListHealth::Report> dns_lists = {};
  EventCounts::Values events = {};         // since the start
  base::HistogramCounts accept_time = {};  // seconds from a final dot to its 250
};

}  // namespace godwit::control
