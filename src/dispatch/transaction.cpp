// SPDX-License-Identifier: Apache-2.0
#include "transaction.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "spool_content.hpp"

namespace godwit::dispatch {
namespace {

deliver::Job make_job(const Transaction& transaction) {
  const auto& envelope = transaction.message->envelope;
  deliver::Job job{.id = transaction.message->id,
                   .sender = envelope.sender,
                   .body = envelope.body,
                   .ret = envelope.ret,
                   .envid = envelope.envid,
                   .recipients = {},
                   .content = std::make_shared<SpoolContent>(transaction.message->body)};
  for (const auto index : transaction.recipients) job.recipients.push_back(envelope.recipients[index]);
  return job;
}

// The same answer of ours for every recipient.
deliver::Outcomes all(const Transaction& transaction, deliver::Outcome::Kind kind, const smtp::Reply& reply,
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
  return all(transaction, kind, none.reply, "none");
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

namespace {

// An expanded alias is no place to deliver to.
Transaction without_aliases(const Transaction& transaction) {
  auto rest = transaction;
  const auto& recipients = transaction.message->envelope.recipients;
  std::erase_if(rest.recipients, [&](std::uint32_t index) { return recipients[index].expanded_alias; });
  return rest;
}

// Puts the outcomes of expanded aliases among those of the others, in the order of the transaction.
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

boost::asio::awaitable<Attempted> deliver_by_route(const Transaction& transaction, const std::string& domain,
                                                   std::shared_ptr<const route::Router> router,
                                                   Surroundings& surroundings, Lane lane) {
  auto hop =
      co_await router->hop(domain, transaction.message->envelope.sender, surroundings.resolver, surroundings.random);
  Attempted result;
  result.relay_kind = describe(hop);
  if (auto* held = std::get_if<route::HoldHop>(&hop)) {
    result.hold = std::move(held->why);
  } else if (auto* none = std::get_if<route::NoRoute>(&hop)) {
    result.outcomes = no_route(transaction, *none);
  } else if (std::holds_alternative<route::DiscardHop>(hop)) {
    result.outcomes =
        all(transaction, deliver::Outcome::Kind::delivered, smtp::make_reply(250, {2, 0, 0}, "Discarded"), "discard");
  } else if (auto* maildir = std::get_if<route::MaildirHop>(&hop)) {
    result.outcomes = co_await surroundings.maildir.deliver(make_job(transaction), std::move(maildir->path_template),
                                                            router->settings().detail_separator);
  } else {
    auto work = lane.agent->deliver(make_job(transaction), std::move(hop));
    result.outcomes = co_await boost::asio::co_spawn(lane.executor, std::move(work), boost::asio::use_awaitable);
  }
  co_return result;
}

}  // namespace

boost::asio::awaitable<Attempted> attempt(const Transaction& transaction, const std::string& domain,
                                          std::shared_ptr<const route::Router> router, Surroundings& surroundings,
                                          Lane lane) {
  const auto real = without_aliases(transaction);
  Attempted result{.relay_kind = "alias", .hold = {}, .outcomes = {}};
  if (!real.recipients.empty()) result = co_await deliver_by_route(real, domain, std::move(router), surroundings, lane);
  if (!result.hold) add_aliases(transaction, result.outcomes);
  co_return result;
}

}  // namespace godwit::dispatch
