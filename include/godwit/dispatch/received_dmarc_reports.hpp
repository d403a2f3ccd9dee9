// SPDX-License-Identifier: Apache-2.0
// Aggregate reports of DMARC that others send to an address of ours: read beside their delivery, which they neither
// need nor hold up, and summed up (state/dmarc_sums).  Anybody may have written them, so few are read at a time, what
// may be read is bounded (mail/dmarc_report), and it is said who reports.  Home reactor; reading is done on `pool`.
//
// Logged: dmarc_report_received, dmarc_report_unread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/mail/dmarc_report.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/task_group.hpp"
#include "godwit/spool/spool.hpp"
#include "godwit/state/dmarc_sums.hpp"

namespace godwit::dispatch {

class ReceivedDmarcReports {
 public:
  static constexpr std::size_t most_at_once = 2;
  static constexpr std::size_t most_waiting = 256;  // what comes beside them is delivered unread

  struct Surroundings {
    boost::asio::any_io_executor executor;
    boost::asio::any_io_executor pool;
    net::Deadlines& deadlines;
    log::Logger& log;
    state::DmarcSums& sums;
  };
  struct Configuration {
    std::vector<std::string> addresses;                      // "dmarc@example.com", in lower case
    std::function<bool(const std::string& domain)> is_ours;  // in lower case; of others no report is taken
  };
  ReceivedDmarcReports(Surroundings surroundings, Configuration configuration);

  void change(Configuration configuration) { configuration_ = std::move(configuration); }
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

  using Message = std::shared_ptr<const spool::StoredMessage>;
  // A message became durable.
  void look_at(const Message& message);

 private:
  bool is_report(const mail::Envelope& envelope) const;
  boost::asio::awaitable<void> read_waiting();
  boost::asio::awaitable<void> read(Message message);
  // `part` points into the text of the message.
  boost::asio::awaitable<void> read_part(std::string id, mail::DmarcReportPart part);
  boost::asio::awaitable<void> take(std::string id, mail::DmarcReport report);
  void leave_unread(const std::string& id, const std::string& why);

  Surroundings around_;
  Configuration configuration_;
  std::deque<Message> waiting_;
  net::TaskGroup tasks_;
};

}  // namespace godwit::dispatch
