// SPDX-License-Identifier: Apache-2.0
// Sends reports (RFC 3464) as new messages with the null sender.  A report that cannot be delivered itself goes to the
// postmaster once; what fails then is dropped and logged (RFC 5321 section 6.1: no report about a report's report).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/dispatch/dispatcher.hpp"
#include "godwit/mail/dsn.hpp"
#include "godwit/mail/received.hpp"

namespace godwit::dispatch {

class Reporter {
 public:
  Reporter(std::string hostname, Surroundings& surroundings) : hostname_(std::move(hostname)), around_(surroundings) {}

  // Each recipient is in one report; where there are many of them, there are several reports, which the spool takes
  // whatever limits.message_size is.  Gives the indexes, sorted, of those of whom nobody was told now: of the others
  // the report is durable, or none is to be sent, and only their failure may be recorded. retry_until: of a delay, when
  // it is given up.
  boost::asio::awaitable<std::vector<std::uint32_t>> report(mail::DsnKind kind,
                                                            std::shared_ptr<const spool::StoredMessage> original,
                                                            std::vector<mail::DsnRecipient> recipients,
                                                            std::shared_ptr<const route::Router> router,
                                                            base::WallTime retry_until = {});

 private:
  struct Destination {
    smtp::Mailbox address;
    bool double_bounce = false;
  };
  // One report.
  struct Part {
    std::vector<mail::DsnRecipient> recipients;
    std::size_t number = 1, of = 1;  // of the reports to this return path
  };
  // False: it could not be made or stored now.
  boost::asio::awaitable<bool> report_to(smtp::ReversePath return_path, mail::DsnKind kind,
                                         std::shared_ptr<const spool::StoredMessage> original, Part part,
                                         std::shared_ptr<const route::Router> router, base::WallTime retry_until);
  // Nothing: nobody can be told.  Errors: a table cannot be asked now.
  boost::asio::awaitable<base::Result<std::optional<Destination>>> destination(smtp::ReversePath return_path,
                                                                               mail::DsnKind kind,
                                                                               const mail::Envelope& original,
                                                                               const route::Router& router) const;

  std::string hostname_;
  Surroundings& around_;
};

}  // namespace godwit::dispatch
