// SPDX-License-Identifier: Apache-2.0
#include "transaction.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "forwarded_content.hpp"
#include "godwit/base/text.hpp"
#include "site_report.hpp"
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

// RFC 3461 section 5.2.7.2: what the sender asked of reports ends at a list.
bool comes_by_list(const Transaction& transaction) {
  const auto& recipients = transaction.message->envelope.recipients;
  return std::ranges::any_of(transaction.recipients,
                             [&](std::uint32_t index) { return recipients[index].owner.has_value(); });
}

// `alias`: by which it is forwarded to another host.
std::shared_ptr<deliver::Content> content_of(const spool::StoredMessage& message,
                                             const std::optional<smtp::Mailbox>& alias) {
  if (!alias) return std::make_shared<SpoolContent>(message.body);
  return std::make_shared<ForwardedContent>(*alias, message.body);
}

deliver::Job make_job(const Transaction& transaction, smtp::ReversePath sender,
                      const std::optional<smtp::Mailbox>& alias, base::WallTime now) {
  const auto& envelope = transaction.message->envelope;
  const bool by_list = comes_by_list(transaction);
  deliver::Job job{.id = transaction.message->id,
                   .sender = std::move(sender),
                   .body = envelope.body,
                   .smtputf8 = envelope.smtputf8,
                   .require_tls = envelope.require_tls,
                   .ret = by_list ? std::uint8_t{0} : envelope.ret,
                   .envid = by_list ? std::string() : envelope.envid,
                   .deliver_by = time_left(envelope, now),
                   .priority = envelope.priority,
                   .recipients = {},
                   .content = content_of(*transaction.message, alias)};
  for (const auto index : transaction.recipients) job.recipients.push_back(envelope.recipients[index]);
  return job;
}

// The recipients that a host may be told in one transaction: those with the same sender, forwarded by the same alias.
struct Alike {
  smtp::ReversePath sender;
  std::optional<smtp::Mailbox> alias;
  Transaction part;
  std::vector<std::size_t> places;  // of the part's recipients among those of the whole
};

// What is said in the header.  Not of an alias in UTF-8, since not every host takes such a header.
std::optional<smtp::Mailbox> told_alias(const mail::Recipient& recipient, const route::Router& router) {
  auto alias = router.forwarding_alias(recipient);
  if (alias && !base::is_ascii(alias->local)) alias.reset();
  return alias;
}

std::vector<Alike> apart_by_sender(const Transaction& transaction, const route::Router& router) {
  std::vector<Alike> groups;
  std::map<std::pair<smtp::ReversePath, std::optional<smtp::Mailbox>>, std::size_t> known;
  const auto& envelope = transaction.message->envelope;
  for (std::size_t place = 0; place < transaction.recipients.size(); ++place) {
    const auto index = transaction.recipients[place];
    const auto& recipient = envelope.recipients[index];
    auto sender = router.sender_for(envelope.return_path_of(recipient), recipient);
    auto alias = told_alias(recipient, router);
    const auto [found, is_new] = known.emplace(std::pair(sender, alias), groups.size());
    if (is_new) {
      auto part = transaction;
      part.recipients.clear();
      groups.push_back({.sender = std::move(sender), .alias = std::move(alias), .part = std::move(part), .places = {}});
    }
    groups[found->second].part.recipients.push_back(index);
    groups[found->second].places.push_back(place);
  }
  return groups;
}

// No host was there, or it wants to be left alone for now.
bool is_hopeless(const deliver::Outcomes& outcomes) {
  using Kind = queue::SiteReport::Kind;
  const auto kind = site_report(outcomes, 0).kind;
  return !outcomes.empty() && (kind == Kind::dead || kind == Kind::busy);
}

using Deliver = std::function<boost::asio::awaitable<deliver::Outcomes>(deliver::Job)>;
// One host for all: after some for whom there was no hope the others are not asked for in the same attempt.
enum class Reach { one_host, each_alone };

boost::asio::awaitable<deliver::Outcomes> attempt_each_sender(const Transaction& transaction,
                                                              std::shared_ptr<const route::Router> router,
                                                              base::WallTime now, Deliver deliver, Reach reach,
                                                              std::shared_ptr<deliver::Transcript> transcript,
                                                              Early early) {
  deliver::Outcomes outcomes(transaction.recipients.size());
  std::optional<deliver::Outcome> hopeless;
  auto groups = apart_by_sender(transaction, *router);
  for (auto& group : groups) {
    const bool is_last = &group == &groups.back();
    deliver::Outcomes some(group.places.size(), hopeless.value_or(deliver::Outcome{}));
    if (!hopeless) {
      auto job = make_job(group.part, std::move(group.sender), group.alias, now);
      job.transcript = transcript;
      job.on_delivered_early = [&early, &group](std::size_t recipient, const deliver::Outcome& outcome) {
        early(group.part.recipients[recipient], outcome);
      };
      auto work = deliver(std::move(job));
      some = co_await std::move(work);
      if (reach == Reach::one_host && is_hopeless(some)) hopeless = some.front();
      for (std::size_t i = 0; i < some.size() && !is_last; ++i)
        if (some[i].kind == deliver::Outcome::Kind::delivered) early(group.part.recipients[i], some[i]);
    }
    for (std::size_t i = 0; i < some.size(); ++i) outcomes[group.places[i]] = std::move(some[i]);
  }
  co_return outcomes;
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

boost::asio::awaitable<deliver::Outcomes> attempt(const Transaction& transaction, route::Hop hop,
                                                  std::shared_ptr<const route::Router> router,
                                                  Surroundings& surroundings, Lane lane,
                                                  std::shared_ptr<deliver::Transcript> transcript, Early early) {
  if (std::holds_alternative<route::DiscardHop>(hop))
    co_return same_for_all(transaction, deliver::Outcome::Kind::delivered,
                           smtp::make_reply(250, {2, 0, 0}, "Discarded"), "discard");
  const auto now = surroundings.clock.wall() - transaction.jumped;  // by the clock of the message's own times
  const auto* maildir = std::get_if<route::MaildirHop>(&hop);
  Deliver deliver;
  if (maildir != nullptr)
    deliver = [&surroundings, path = maildir->path_template, separator = router->settings().detail_separator](
                  deliver::Job job) { return surroundings.maildir.deliver(std::move(job), path, separator); };
  else
    deliver = [lane, hop](deliver::Job job) {
      auto work = lane.agent->deliver(std::move(job), hop);
      return boost::asio::co_spawn(lane.executor, std::move(work), boost::asio::use_awaitable);
    };
  const auto reach = maildir != nullptr ? Reach::each_alone : Reach::one_host;
  auto attempting = attempt_each_sender(transaction, std::move(router), now, std::move(deliver), reach,
                                        std::move(transcript), std::move(early));
  auto outcomes = co_await std::move(attempting);
  co_return outcomes;
}

}  // namespace godwit::dispatch
