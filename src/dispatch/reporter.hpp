// SPDX-License-Identifier: Apache-2.0
// Sends reports (RFC 3464) as new messages with the null sender.  A report that cannot be delivered itself goes to the
// postmaster once; what fails then is dropped and logged (RFC 5321 section 6.1: no report about a report's report).
#pragma once

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

  // True when the report is durable, or none is to be sent: only then may the failure be recorded.
  // retry_until: of a delay, when it is given up.
  boost::asio::awaitable<bool> report(mail::DsnKind kind, std::shared_ptr<const spool::StoredMessage> original,
                                      std::vector<mail::DsnRecipient> recipients,
                                      std::shared_ptr<const route::Router> router, base::WallTime retry_until = {});

 private:
  struct Destination {
    smtp::Mailbox address;
    bool double_bounce = false;
  };
  // The same, of those whose return path this is.
  boost::asio::awaitable<bool> report_to(smtp::ReversePath return_path, mail::DsnKind kind,
                                         std::shared_ptr<const spool::StoredMessage> original,
                                         std::vector<mail::DsnRecipient> recipients,
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
