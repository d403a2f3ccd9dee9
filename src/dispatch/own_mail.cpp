// SPDX-License-Identifier: Apache-2.0
#include "own_mail.hpp"

#include <utility>
#include <vector>

#include "godwit/mail/envelope.hpp"
#include "godwit/spool/add_message.hpp"
#include "own_signatures.hpp"

namespace godwit::dispatch {
namespace {

// The text, then its end.
spool::Pieces whole(std::string text) {
  const auto left = std::make_shared<std::vector<std::string>>(2);
  left->back() = std::move(text);
  // Who calls it keeps it until the piece has come.
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines)
  return [left, current = std::make_shared<std::string>()]() -> disk::Task<std::string_view> {
    *current = left->empty() ? std::string() : std::move(left->back());
    if (!left->empty()) left->pop_back();
    co_return std::string_view(*current);
  };
}

}  // namespace

boost::asio::awaitable<base::Result<base::MessageId>> send_own_mail(OwnMail own, OwnMailWay way) {
  const auto now = way.clock.wall();
  auto expanding = way.router->expand(own.to);
  auto expansion = co_await std::move(expanding);
  if (!expansion.outage.empty()) co_return base::fail(base::ErrorKind::io, expansion.outage);
  if (expansion.recipients.empty()) co_return base::fail(base::ErrorKind::not_found, "there is no such address here");
  mail::Envelope envelope;
  envelope.sender = std::move(own.sender);
  envelope.accepted = now;
  envelope.protocol = own.protocol;
  envelope.tls_optional = own.tls_optional;
  envelope.recipients = std::move(expansion.recipients);
  const auto signatures = own_signatures(own.text, way.signers.get(), now);
  if (!signatures) co_return std::unexpected(signatures.error());
  auto text = *signatures + own.text;
  const auto size = text.size();
  auto adding = spool::add_message(way.spool, std::move(envelope), size, whole(std::move(text)));
  auto added = co_await std::move(adding);
  co_return added;
}

}  // namespace godwit::dispatch
