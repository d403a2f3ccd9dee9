// SPDX-License-Identifier: Apache-2.0
#include "own_message.hpp"

#include <utility>

#include "godwit/mail/received.hpp"
#include "own_signatures.hpp"

namespace godwit::dispatch {

boost::asio::awaitable<base::Result<base::MessageId>> commit_own(spool::Spool& spool, const base::Clock& clock,
                                                                 OwnMessage message) {
  auto begun = spool.begin(0);
  if (!begun) co_return base::fail(base::ErrorKind::exhausted, begun.error().detail);
  const auto id = (*begun)->id();
  const auto now = clock.wall();
  mail::Trace trace;
  trace.hostname = message.hostname;
  trace.protocol = internal_protocol;
  trace.id = id;
  trace.time = now;
  mail::Envelope envelope;
  envelope.accepted = now;
  envelope.protocol = message.protocol;
  envelope.body = message.body;
  envelope.recipients = std::move(message.recipients);
  const std::string composed = message.compose(id, now);
  const auto signatures = own_signatures(composed, message.signers.get(), now);
  if (!signatures) co_return std::unexpected(signatures.error());
  const std::string bytes = mail::received_field(trace) + *signatures + composed;
  auto written = co_await (*begun)->write(bytes);
  if (!written) co_return base::fail(base::ErrorKind::exhausted, written.error().detail);
  auto committed = co_await (*begun)->commit(std::move(envelope));
  if (!committed) co_return base::fail(base::ErrorKind::exhausted, committed.error().detail);
  co_return id;
}

}  // namespace godwit::dispatch
