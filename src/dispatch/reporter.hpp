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
  // retry_for: how long mail is tried, for what a delay warning promises.
  Reporter(std::string hostname, base::Duration retry_for, Surroundings& surroundings)
      : hostname_(std::move(hostname)), retry_for_(retry_for), around_(surroundings) {}

  // True when the report is durable, or none is to be sent: only then may the failure be recorded.
  boost::asio::awaitable<bool> report(mail::DsnKind kind, std::shared_ptr<const spool::StoredMessage> original,
                                      std::vector<mail::DsnRecipient> recipients,
                                      std::shared_ptr<const route::Router> router);

 private:
  struct Destination {
    smtp::Mailbox address;
    bool double_bounce = false;
  };
  // The same, of those whose return path this is.
  boost::asio::awaitable<bool> report_to(smtp::ReversePath return_path, mail::DsnKind kind,
                                         std::shared_ptr<const spool::StoredMessage> original,
                                         std::vector<mail::DsnRecipient> recipients,
                                         std::shared_ptr<const route::Router> router);
  // Nothing: nobody can be told.  Errors: a table cannot be asked now.
  boost::asio::awaitable<base::Result<std::optional<Destination>>> destination(smtp::ReversePath return_path,
                                                                               mail::DsnKind kind,
                                                                               const mail::Envelope& original,
                                                                               const route::Router& router) const;

  std::string hostname_;
  base::Duration retry_for_;
  Surroundings& around_;
};

}  // namespace godwit::dispatch
