// SPDX-License-Identifier: Apache-2.0
#include "maildrop_report.hpp"

#include <utility>

#include "godwit/mail/received.hpp"

namespace godwit::server {
namespace {

constexpr const char* bounce_protocol = "bounce";

std::unexpected<base::Error> refused(const spool::Refused& refusal) {
  return base::fail(base::ErrorKind::exhausted, "the spool refused it: " + refusal.detail);
}

}  // namespace

boost::asio::awaitable<base::Result<base::MessageId>> report_refusal(RefusedMessage message, const Rules& rules,
                                                                     Surroundings& around, base::Random& random) {
  if (!message.envelope.sender) co_return base::fail(base::ErrorKind::not_found, "it has no sender who could be told");
  auto expanding = rules.router->expand(*message.envelope.sender);
  auto expansion = co_await std::move(expanding);
  if (!expansion.outage.empty()) co_return base::fail(base::ErrorKind::refused, expansion.outage);
  if (expansion.refusal) co_return base::fail(base::ErrorKind::not_found, "its sender cannot be told");
  auto begun = around.spool.begin(0);
  if (!begun) co_return refused(begun.error());
  const auto id = (*begun)->id();
  mail::DsnRequest request;
  request.hostname = rules.settings.hostname;
  request.to = *message.envelope.sender;
  request.original_id = id;  // the original never got one; the log has this one
  request.original = &message.envelope;
  request.message = message.beginning;
  request.message_size = message.size;
  request.recipients = std::move(message.recipients);
  request.now = around.clock.wall();
  const auto dsn = mail::compose_dsn(request, random);
  mail::Trace trace;
  trace.hostname = rules.settings.hostname;
  trace.protocol = "internal";
  trace.id = id;
  trace.time = request.now;
  mail::Envelope envelope;
  envelope.body = dsn.body;
  envelope.accepted = request.now;
  envelope.protocol = bounce_protocol;
  envelope.recipients = std::move(expansion.recipients);
  const std::string bytes = mail::received_field(trace) + dsn.message;
  auto written = co_await (*begun)->write(bytes);
  if (!written) co_return refused(written.error());
  auto committed = co_await (*begun)->commit(std::move(envelope));
  if (!committed) co_return refused(committed.error());
  co_return *committed;
}

}  // namespace godwit::server
