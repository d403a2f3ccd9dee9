// SPDX-License-Identifier: Apache-2.0
// Tells a sender what became of recipients whom the maildrop's messages did not reach: a report (RFC 3464) into the
// spool.
#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/random.hpp"
#include "godwit/mail/dsn.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/server/server.hpp"

namespace godwit::server {

struct RefusedMessage {
  mail::Envelope envelope;  // its sender is told
  std::string beginning;    // of the message
  std::uint64_t size = 0;   // of all of it
  std::vector<mail::DsnRecipient> recipients;
};

// Completes when the report is durable.  Errors: exhausted and refused (the spool's, or a table that cannot be asked),
// not_found (nobody can be told).
boost::asio::awaitable<base::Result<base::MessageId>> report_refusal(RefusedMessage message, const Rules& rules,
                                                                     Surroundings& around, base::Random& random);

}  // namespace godwit::server
