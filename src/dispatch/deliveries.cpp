// SPDX-License-Identifier: Apache-2.0
// What goes out of the queue: due → load → route → attempt → settle.
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "dispatcher_implementation.hpp"
#include "forwarder.hpp"
#include "site_report.hpp"

namespace godwit::dispatch {
namespace {

constexpr base::Duration longest_nap = std::chrono::seconds(1);
constexpr base::Duration unreadable_delay = std::chrono::minutes(5);

// RFC 8689: REQUIRETLS stands above the header (section 3), and a report is lost to no demand (section 5).
route::TlsDemand tls_demand(const mail::Envelope& envelope) {
  if (envelope.require_tls && envelope.sender) return route::TlsDemand::required;
  return envelope.tls_optional ? route::TlsDemand::waived : route::TlsDemand::usual;
}

}  // namespace

void Dispatcher::Implementation::pump() {
  // What is started below may come so far at once that it pumps: the loop goes on anyway, and the stack does not grow.
  if (pumping_ || !suspensions_known_) return;
  pumping_ = true;
  // Else what is delivered could not be recorded, and would be delivered again after a restart; tick() looks again.
  while (!stopping_ && around_.spool.keeps_up()) {
    auto next = queue_.due(now());
    auto* work = std::get_if<queue::Work>(&next);
    if (work == nullptr) {
      pump_again(std::get<queue::SleepUntil>(next));
      break;
    }
    begin(run(std::move(*work)));
  }
  pumping_ = false;
}

void Dispatcher::Implementation::begin(boost::asio::awaitable<void> task) {
  ++running_;
  boost::asio::co_spawn(around_.home, std::move(task), [self = shared_from_this()](const std::exception_ptr& failure) {
    --self->running_;
    if (failure) std::rethrow_exception(failure);
  });
}

// So much became due at once that the queue gives it in parts: others may run in between.
void Dispatcher::Implementation::pump_again(const queue::SleepUntil& sleep) {
  if (pump_posted_ || !sleep.until || *sleep.until > around_.clock.wall()) return;
  pump_posted_ = true;
  boost::asio::post(around_.home, [self = shared_from_this()] {
    self->pump_posted_ = false;
    self->pump();
  });
}

boost::asio::awaitable<void> Dispatcher::Implementation::tick() {
  const auto self = shared_from_this();
  while (!stopping_) {
    watch_lookups();
    copies_.sweep(around_.network.now());
    note_recorded();
    pump();
    remember_moved_suspensions();
    auto slept = co_await around_.network.sleep_until(around_.network.now() + longest_nap);
    if (!slept) co_return;
  }
}

// Beside the ticks, which a slow disk must not hold up.
void Dispatcher::Implementation::note_recorded() {
  if (copies_.size() == 0 || std::exchange(noting_recorded_, true)) return;
  auto noting = [](std::shared_ptr<Implementation> self) -> boost::asio::awaitable<void> {
    const auto before = self->around_.network.now();
    auto syncing = self->around_.spool.sync();
    const auto synced = co_await std::move(syncing);
    if (synced) self->copies_.recorded(before, self->around_.network.now());
    self->noting_recorded_ = false;
  };
  begin(noting(shared_from_this()));
}

boost::asio::awaitable<base::Result<Dispatcher::Implementation::Message>> Dispatcher::Implementation::load(
    base::MessageId id) {
  if (auto copy = copies_.find(id)) co_return copy;
  if (auto fresh = fresh_.find(id)) co_return fresh;
  auto stored = co_await around_.spool.read(id);
  if (!stored) co_return std::unexpected(stored.error());
  co_return copies_.put(std::move(*stored));
}

void Dispatcher::Implementation::record(base::MessageId id, mail::Update update) {
  // As it was committed, it is out of date now; its other destinations go on with a copy.
  if (const auto fresh = fresh_.find(id)) {
    if (copies_.is_shared(id)) copies_.put(*fresh);
    fresh_.erase(id);
  }
  copies_.update(id, update, around_.network.now());
  around_.spool.update(id, std::move(update));
}

void Dispatcher::Implementation::ended(const queue::Grant& grant, const queue::SiteReport& report) {
  queue_.ended(grant, report, now());
}

boost::asio::awaitable<void> Dispatcher::Implementation::run(queue::Work work) {
  const auto& key = work.item.key;
  const WorkingCopies::Use use(copies_, key.id);
  auto message = co_await load(key.id);
  if (!message) {
    ended(work.grant, {});
    if (message.error().kind == base::ErrorKind::not_found) {
      queue_.remove(key);  // settled meanwhile, by an administrator or through another domain
    } else {
      // Damaged or unreadable: it stays visible in the queue, and in the spool's quarantine.
      around_.log.error("unreadable", {{"id", to_string(key.id)}, {"reason", message.error().message}});
      const auto later = now() + unreadable_delay;
      queue_.reschedule(key, {.attempt = later, .attempts = work.item.attempts + 1});
    }
  } else {
    auto transaction = transaction_of(std::move(*message), work.item);
    if (transaction.recipients.empty()) {
      ended(work.grant, {});
      leave(work.item, transaction.message->envelope);
      if (!queue_.contains(key.id)) fresh_.erase(key.id);
    } else if (work.grant.kind == queue::Grant::Kind::overdue ||
               transaction.message->envelope.is_too_late(now() - jumped_since(*transaction.message))) {
      co_await speak_for(std::move(work), std::move(transaction));
    } else {
      co_await deliver(std::move(work), std::move(transaction));
    }
  }
  pump();
}

// Nothing could be attempted until its deadline: the sender hears why, and when it is expired it is returned.
boost::asio::awaitable<void> Dispatcher::Implementation::speak_for(queue::Work work, Transaction transaction) {
  const auto reply =
      smtp::make_reply(451, {4, 4, 1}, "Not attempted: " + (work.reason.empty() ? "no time is left" : work.reason));
  Attempted attempted{.outcomes = same_for_all(transaction, deliver::Outcome::Kind::deferred, reply, "none"),
                      .counts = false,
                      .with_site = false};
  Parts parts;
  Answers none(transaction.recipients.size());
  parts.push_back({.item = std::move(work.item), .transaction = std::move(transaction), .answers = std::move(none)});
  co_await settle(std::move(parts), std::move(attempted));
  ended(work.grant, {});
}

// A table cannot be asked.
boost::asio::awaitable<void> Dispatcher::Implementation::put_off(queue::Work work, Transaction transaction,
                                                                 std::string why) {
  ended(work.grant, {});
  const auto reply = smtp::make_reply(451, {4, 3, 0}, why);
  Attempted attempted{.outcomes = no_route(transaction, {reply}), .counts = true, .with_site = false};
  Parts parts;
  Answers none(transaction.recipients.size());
  parts.push_back({.item = std::move(work.item), .transaction = std::move(transaction), .answers = std::move(none)});
  co_await settle(std::move(parts), std::move(attempted));
}

void Dispatcher::Implementation::keep_held(const queue::Item& item, const std::string& why) {
  // Held by a rule, not by a record: the rule is asked again after a restart or a reload.
  log_held(item.key, why);
  queue_.hold(item.key, queue::HoldBy::rule);
  queue_.reschedule(item.key, {.attempt = item.next_attempt, .attempts = item.attempts, .deadline = item.deadline});
  fresh_.erase(item.key.id);
}

boost::asio::awaitable<void> Dispatcher::Implementation::deliver(queue::Work work, Transaction transaction) {
  Parts parts;
  if (router_->has_users() && !work.item.key.destination.contains('@')) {
    auto setting_apart = set_users_apart(work.item, transaction);
    auto rest = co_await std::move(setting_apart);
    if (!rest) {
      auto putting_off =
          put_off(std::move(work), std::move(transaction), "The users cannot be looked up: " + rest.error().message);
      co_await std::move(putting_off);
      co_return;
    }
    if (rest->recipients.empty()) {
      ended(work.grant, {});
      queue_.remove(work.item.key);
      co_return;
    }
    transaction = std::move(*rest);
  }
  const auto policy = policy_;  // as it was when the attempt began
  const auto router = router_;
  auto learning = router->learn(transaction.message->envelope, work.item.key.destination);
  const auto learned = co_await std::move(learning);
  if (!learned) {
    auto putting_off =
        put_off(std::move(work), std::move(transaction), "A domain cannot be looked up: " + learned.error().message);
    co_await std::move(putting_off);
    co_return;
  }
  auto looking_back = passed_before(transaction.message, router);
  const auto passed = co_await std::move(looking_back);
  auto answers = answers_for(transaction, *router, around_.suppressions, passed);
  parts.push_back({.item = std::move(work.item), .transaction = std::move(transaction), .answers = std::move(answers)});
  if (together(parts).recipients.empty()) {
    ended(work.grant, {});
    Attempted answered;
    co_await settle(std::move(parts), std::move(answered));
    co_return;
  }
  auto forwarding = forwarded_recipients(parts.front().transaction, *router);
  auto recipients = co_await std::move(forwarding);
  if (!recipients.empty()) {
    ended(work.grant, {});
    co_await forward(std::move(parts.front().item), std::move(parts.front().transaction), std::move(recipients));
    co_return;
  }
  const auto destination = parts.front().item.key.destination;
  const auto sender = parts.front().transaction.message->envelope.sender;
  if (const auto why = router->why_held(destination, sender); why && !parts.front().item.released) {
    ended(work.grant, {});
    keep_held(parts.front().item, *why);
    co_return;
  }
  join_others(work.grant, *router, passed, parts);
  const auto demand = tls_demand(parts.front().transaction.message->envelope);
  auto finding = find_hop(work.grant, destination, sender, demand, router);
  auto hop = co_await std::move(finding);
  // It may have taken longer than the answers of the tables count.
  const auto real = together(parts);
  auto learning_again = router->learn(real.message->envelope, real.recipients);
  const auto known = co_await std::move(learning_again);
  if (!known)
    hop = route::NoRoute{smtp::make_reply(451, {4, 3, 0}, "A domain cannot be looked up: " + known.error().message)};
  if (const auto* held = std::get_if<route::HoldHop>(&hop)) {
    ended(work.grant, {});
    for (const auto& part : parts) keep_held(part.item, held->why);
  } else if (const auto* none = std::get_if<route::NoRoute>(&hop)) {
    ended(work.grant, {});
    Attempted attempted{.outcomes = no_route(together(parts), *none), .counts = true, .with_site = false};
    co_await settle(std::move(parts), std::move(attempted));
  } else {
    co_await deliver_over(work.grant, std::move(parts), std::move(hop), policy);
  }
}

boost::asio::awaitable<void> Dispatcher::Implementation::deliver_over(queue::Grant first, Parts parts, route::Hop hop,
                                                                      std::shared_ptr<const SitePolicy> policy) {
  const auto key = parts.front().item.key;
  const auto site = policy->site_of(hop, key.destination);
  const auto via = policy->via(key.destination, parts.front().transaction.message->envelope.sender);
  const auto grant = queue_.assign(key, first, via, site, now());
  if (!grant) {  // it waits with the others of its site
    for (std::size_t i = 1; i < parts.size(); ++i) queue_.give_back(parts[i].item.key);
    log_routed(key, hop, site);
    co_return;
  }
  if (auto* smtp = std::get_if<route::SmtpHop>(&hop)) {
    smtp->messages_per_connection = policy->messages_per_connection(site);
    smtp->site = site;
  }
  // The same slot, the same lane: there the connection of the last message through this slot waits for the next.  By
  // the name, as a site that was forgotten comes back under another number.
  const auto lane = around_.lanes[(std::hash<std::string>{}(site) + grant->slot) % around_.lanes.size()];
  auto real = together(parts);
  real.jumped = jumped_since(*real.message);
  const auto began = around_.network.now();
  measures_.wait_time.add(std::max(base::Duration::zero(), around_.clock.wall() - parts.front().item.next_attempt));
  const auto transcript = std::make_shared<deliver::Transcript>(began);
  const auto route = describe(hop);
  auto attempting = attempt(real, std::move(hop), router_, around_, lane, transcript, early_records(real));
  auto outcomes = co_await std::move(attempting);
  log_attempt(parts, route, site, began, *transcript);
  if (!outcomes.empty()) measures_.attempt_time_of(outcomes.front().stage).add(around_.network.now() - began);
  const auto report = site_report(outcomes, around_.random.fraction());
  ended(*grant, report);
  pump();  // the connection is free: the next message need not wait until this one is settled
  Attempted attempted{
      .outcomes = std::move(outcomes), .counts = true, .with_site = report.kind == queue::SiteReport::Kind::dead};
  co_await settle(std::move(parts), std::move(attempted));
}

// The others may take minutes, and a crash may come first: what was delivered is not delivered again.
Early Dispatcher::Implementation::early_records(const Transaction& transaction) {
  const auto recorded = std::make_shared<std::set<std::uint32_t>>();
  auto one = transaction;
  one.recipients.clear();
  return [self = shared_from_this(), one, recorded](std::uint32_t index, const deliver::Outcome& outcome) {
    boost::asio::post(self->around_.home, [self, one, recorded, index, outcome] {
      if (recorded->insert(index).second) self->record_early(one, index, outcome);
    });
  };
}

boost::asio::awaitable<void> Dispatcher::Implementation::stop(base::MonoTime deadline) {
  stopping_ = true;
  constexpr auto step = std::chrono::milliseconds(20);
  while (running_ > 0 && around_.network.now() < deadline) {
    auto slept = co_await around_.network.sleep_until(around_.network.now() + step);
    if (!slept) co_return;
  }
}

}  // namespace godwit::dispatch
