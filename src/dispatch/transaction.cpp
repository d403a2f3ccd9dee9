// SPDX-License-Identifier: Apache-2.0
#include "transaction.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "spool_content.hpp"

namespace godwit::dispatch {
namespace {

// RFC 2852 section 4.1.2: what passing through us took is taken off.
std::optional<smtp::DeliverBy> time_left(const mail::Envelope& envelope, base::WallTime now) {
  if (!envelope.deliver_by) return {};
  const auto& by = *envelope.deliver_by;
  return smtp::DeliverBy{
      .within = std::chrono::floor<std::chrono::seconds>(by.time - now), .mode = by.mode, .trace = by.trace};
}

deliver::Job make_job(const Transaction& transaction, base::WallTime now) {
  const auto& envelope = transaction.message->envelope;
  deliver::Job job{.id = transaction.message->id,
                   .sender = envelope.sender,
                   .body = envelope.body,
                   .smtputf8 = envelope.smtputf8,
                   .ret = envelope.ret,
                   .envid = envelope.envid,
                   .deliver_by = time_left(envelope, now),
                   .priority = envelope.priority,
                   .recipients = {},
                   .content = std::make_shared<SpoolContent>(transaction.message->body)};
  for (const auto index : transaction.recipients) job.recipients.push_back(envelope.recipients[index]);
  return job;
}

}  // namespace

Transaction make_transaction(std::shared_ptr<const spool::StoredMessage> message, const std::string& domain,
                             std::uint32_t attempts) {
  Transaction transaction{.message = std::move(message), .recipients = {}, .attempts = attempts};
  const auto& recipients = transaction.message->envelope.recipients;
  for (std::uint32_t i = 0; i < recipients.size(); ++i)
    if (recipients[i].state == mail::RecipientState::waiting && recipients[i].address.domain == domain)
      transaction.recipients.push_back(i);
  return transaction;
}

deliver::Outcomes same_for_all(const Transaction& transaction, deliver::Outcome::Kind kind, const smtp::Reply& reply,
                               std::string relay) {
  return deliver::Outcomes(transaction.recipients.size(), {.kind = kind,
                                                           .stage = smtp::Stage::connect,
                                                           .reply = reply,
                                                           .remote = false,
                                                           .relay = std::move(relay),
                                                           .tls = "none"});
}

deliver::Outcomes no_route(const Transaction& transaction, const route::NoRoute& none) {
  const auto kind = none.reply.permanent() ? deliver::Outcome::Kind::failed : deliver::Outcome::Kind::deferred;
  return same_for_all(transaction, kind, none.reply, "none");
}

Transaction without_aliases(const Transaction& transaction) {
  auto rest = transaction;
  const auto& recipients = transaction.message->envelope.recipients;
  std::erase_if(rest.recipients, [&](std::uint32_t index) { return recipients[index].expanded_alias; });
  return rest;
}

void add_aliases(const Transaction& transaction, deliver::Outcomes& outcomes) {
  for (std::size_t i = 0; i < transaction.recipients.size(); ++i) {
    if (!transaction.message->envelope.recipients[transaction.recipients[i]].expanded_alias) continue;
    deliver::Outcome expanded{.kind = deliver::Outcome::Kind::delivered,
                              .stage = smtp::Stage::rcpt,
                              .reply = smtp::make_reply(250, {2, 0, 0}, "Alias expanded"),
                              .remote = false,
                              .relay = "alias",
                              .tls = "none",
                              .success = mail::DsnSuccess::expanded};
    outcomes.insert(outcomes.begin() + static_cast<std::ptrdiff_t>(i), std::move(expanded));
  }
}

boost::asio::awaitable<deliver::Outcomes> attempt(const Transaction& transaction, route::Hop hop,
                                                  std::string detail_separator, Surroundings& surroundings, Lane lane) {
  if (std::holds_alternative<route::DiscardHop>(hop))
    co_return same_for_all(transaction, deliver::Outcome::Kind::delivered,
                           smtp::make_reply(250, {2, 0, 0}, "Discarded"), "discard");
  const auto now = surroundings.clock.wall();
  if (auto* maildir = std::get_if<route::MaildirHop>(&hop)) {
    auto filed = co_await surroundings.maildir.deliver(make_job(transaction, now), std::move(maildir->path_template),
                                                       std::move(detail_separator));
    co_return filed;
  }
  auto work = lane.agent->deliver(make_job(transaction, now), std::move(hop));
  auto outcomes = co_await boost::asio::co_spawn(lane.executor, std::move(work), boost::asio::use_awaitable);
  co_return outcomes;
}

}  // namespace godwit::dispatch
