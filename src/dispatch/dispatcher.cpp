// SPDX-License-Identifier: Apache-2.0
#include "godwit/dispatch/dispatcher.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "dispatcher_implementation.hpp"
#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

constexpr base::Duration longest_nap = std::chrono::seconds(1);
constexpr base::Duration unreadable_delay = std::chrono::minutes(5);

std::set<std::string> waiting_domains(const mail::Envelope& envelope) {
  std::set<std::string> domains;
  for (const auto& recipient : envelope.recipients)
    if (recipient.state == mail::RecipientState::waiting) domains.insert(recipient.address.domain);
  return domains;
}

}  // namespace

Dispatcher::Implementation::Implementation(Settings settings, std::shared_ptr<const route::Router> router,
                                           Surroundings surroundings)
    : settings_(std::move(settings)),
      router_(std::move(router)),
      around_(std::move(surroundings)),
      reporter_(settings_.hostname, settings_.queue.retry.expire, around_),
      queue_(settings_.queue),
      selection_(queue_, around_.spool, around_.clock, around_.home) {}

void Dispatcher::Implementation::enqueue(base::MessageId id, const mail::Envelope& envelope) {
  for (const auto& domain : waiting_domains(envelope)) {
    queue_.add({.key = {.id = id, .destination = domain},
                .accepted = envelope.accepted,
                .next_attempt = envelope.next_attempt,
                .attempts = envelope.attempts,
                .bounce = envelope.is_bounce(),
                .state = envelope.held ? queue::State::held : queue::State::waiting});
  }
}

void Dispatcher::Implementation::enqueue(const spool::Summary& summary) {
  for (const auto& destination : summary.waiting) {
    queue_.add({.key = {.id = summary.id, .destination = destination.domain},
                .accepted = summary.accepted,
                .next_attempt = summary.next_attempt,
                .attempts = summary.attempts,
                .bounce = summary.bounce,
                .state = summary.held ? queue::State::held : queue::State::waiting});
  }
}

boost::asio::awaitable<base::Result<>> Dispatcher::Implementation::start() {
  auto listed = co_await around_.spool.for_each_live([this](const spool::Summary& summary) {
    enqueue(summary);
    return true;
  });
  if (!listed) co_return listed;
  auto ticking = [self = shared_from_this()] { return self->tick(); };
  boost::asio::co_spawn(around_.home, ticking(), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  co_return base::Result<>();
}

void Dispatcher::Implementation::committed(Message message) {
  auto take = [self = shared_from_this(), message = std::move(message)]() mutable {
    const auto id = message->id;
    self->enqueue(id, message->envelope);
    self->fresh_.put(id, std::move(message));
    self->pump();
  };
  boost::asio::post(around_.home, std::move(take));
}

void Dispatcher::Implementation::pump() {
  while (!stopping_) {
    auto next = queue_.due(around_.clock.wall());
    auto* item = std::get_if<queue::Item>(&next);
    if (item == nullptr) {
      // So much became due at once that the queue gives it in parts: others may run in between.
      const auto until = std::get<queue::SleepUntil>(next).until;
      if (until && *until <= around_.clock.wall())
        boost::asio::post(around_.home, [self = shared_from_this()] { self->pump(); });
      return;
    }
    ++running_;
    auto task = [self = shared_from_this()](queue::Item taken) { return self->run(std::move(taken)); };
    boost::asio::co_spawn(around_.home, task(std::move(*item)),
                          [self = shared_from_this()](std::exception_ptr failure) {
                            --self->running_;
                            if (failure) std::rethrow_exception(failure);
                          });
  }
}

boost::asio::awaitable<void> Dispatcher::Implementation::tick() {
  const auto self = shared_from_this();
  while (!stopping_) {
    pump();
    auto slept = co_await around_.network.sleep_until(around_.network.now() + longest_nap);
    if (!slept) co_return;
  }
}

boost::asio::awaitable<base::Result<Dispatcher::Implementation::Message>> Dispatcher::Implementation::load(
    base::MessageId id) {
  if (auto fresh = fresh_.find(id)) co_return fresh;
  auto stored = co_await around_.spool.read(id);
  if (!stored) co_return std::unexpected(stored.error());
  co_return std::make_shared<const spool::StoredMessage>(std::move(*stored));
}

boost::asio::awaitable<void> Dispatcher::Implementation::run(queue::Item item) {
  auto message = co_await load(item.key.id);
  if (!message && message.error().kind == base::ErrorKind::not_found) {
    queue_.remove(item.key);  // settled meanwhile, by an administrator or through another domain
  } else if (!message) {
    // Damaged or unreadable: it stays visible in the queue, and in the spool's quarantine.
    around_.log.error("unreadable", {{"id", to_string(item.key.id)}, {"reason", message.error().message}});
    queue_.reschedule(item.key, around_.clock.wall() + unreadable_delay, item.attempts + 1);
  } else {
    co_await deliver(std::move(item), std::move(*message));
  }
  pump();
}

boost::asio::awaitable<void> Dispatcher::Implementation::deliver(queue::Item item, Message message) {
  auto transaction = make_transaction(std::move(message), item.key.destination, item.attempts);
  if (transaction.recipients.empty()) {
    queue_.remove(item.key);
    fresh_.erase(item.key.id);
    co_return;
  }
  const auto lane = around_.lanes[next_lane_++ % around_.lanes.size()];
  auto attempted = co_await attempt(transaction, item.key.destination, router_, around_, lane);
  if (attempted.hold) {
    // Held by a rule, not by a record: the rule is asked again after a restart or a reload.
    around_.log.info("held",
                     {{"id", to_string(item.key.id)}, {"to", item.key.destination}, {"reason", *attempted.hold}});
    queue_.hold(item.key);
    queue_.reschedule(item.key, item.next_attempt, item.attempts);
    fresh_.erase(item.key.id);
    co_return;
  }
  co_await settle(std::move(item), std::move(transaction), std::move(attempted));
}

boost::asio::awaitable<void> Dispatcher::Implementation::settle(queue::Item item, Transaction transaction,
                                                                Attempted attempted) {
  const auto id = item.key.id;
  const auto now = around_.clock.wall();
  auto settlement = dispatch::settle(settings_, transaction, attempted.outcomes, now, around_.random.fraction());
  log_outcomes(transaction, attempted, settlement);
  // The report first, then the record that needs no report any more: a crash between the two reports twice, never not
  // at all.
  bool told = co_await reporter_.report(mail::DsnKind::failure, transaction.message, settlement.failures, router_);
  if (told) told = co_await reporter_.report(mail::DsnKind::delay, transaction.message, settlement.delays, router_);
  // One of success that cannot be stored is not worth a second delivery.
  co_await reporter_.report(mail::DsnKind::success, transaction.message, settlement.successes, router_);
  const auto later = now + queue::retry_delay(settings_.queue.retry, item.attempts + 1, around_.random.fraction());
  if (!told) {
    // Nothing of this attempt's failures is recorded; deliveries are, so that they are not repeated.
    std::erase_if(settlement.update.recipients,
                  [](const auto& update) { return update.state != mail::RecipientState::delivered; });
    settlement.update.next_attempt = later;
    settlement.update.warned.reset();
    settlement.waiting = true;
  }
  const auto next_attempt = settlement.update.next_attempt;
  around_.spool.update(id, std::move(settlement.update));
  fresh_.erase(id);  // its envelope is out of date now
  if (settlement.waiting)
    queue_.reschedule(item.key, next_attempt.value_or(later), item.attempts + 1);
  else
    queue_.remove(item.key);
}

void Dispatcher::Implementation::log_outcomes(const Transaction& transaction, const Attempted& attempted,
                                              const Settlement& settlement) {
  const auto& envelope = transaction.message->envelope;
  const auto id = to_string(transaction.message->id);
  const auto from = "<" + to_string(envelope.sender) + ">";
  const auto delay = around_.clock.wall() - envelope.accepted;
  const auto delay_ms = std::chrono::duration_cast<std::chrono::milliseconds>(delay);
  for (std::size_t i = 0; i < attempted.outcomes.size(); ++i) {
    const auto& outcome = attempted.outcomes[i];
    const auto state = settlement.update.recipients[i].state;
    const std::string_view event = state == mail::RecipientState::waiting ? "deferred" : to_string(state);
    const auto level = state == mail::RecipientState::delivered ? log::Level::info : log::Level::warn;
    const auto to = "<" + to_string(envelope.recipients[transaction.recipients[i]].address) + ">";
    const log::Field fields[] = {{"id", id},
                                 {"from", from},
                                 {"to", to},
                                 {"relay", outcome.relay},
                                 {"stage", to_string(outcome.stage)},
                                 {"code", outcome.reply.code},
                                 {"enhanced", to_string(outcome.reply.enhanced)},
                                 {"reply", to_line(outcome.reply)},
                                 {"delay", base::format_duration(delay_ms)},
                                 {"attempts", transaction.attempts + 1},
                                 {"tls", outcome.tls}};
    if (around_.log.enabled(level)) around_.log.write(level, event, fields);
  }
}

boost::asio::awaitable<void> Dispatcher::Implementation::stop(base::MonoTime deadline) {
  stopping_ = true;
  constexpr auto step = std::chrono::milliseconds(20);
  while (running_ > 0 && around_.network.now() < deadline) {
    auto slept = co_await around_.network.sleep_until(around_.network.now() + step);
    if (!slept) co_return;
  }
}

void Dispatcher::Implementation::reload(Settings settings, std::shared_ptr<const route::Router> router) {
  settings_ = std::move(settings);
  router_ = std::move(router);
  queue_.change_settings(settings_.queue);
  // What a rule held is asked again under the new rules; what an administrator held says so in its envelope.
  pump();
}

boost::asio::awaitable<base::Result<QueueEntry>> Dispatcher::Implementation::show(base::MessageId id) {
  auto stored = co_await around_.spool.read(id);
  if (!stored) co_return std::unexpected(stored.error());
  QueueEntry entry{.id = id, .envelope = std::move(stored->envelope), .size = stored->body->size(), .items = {}};
  for (const auto& key : queue_.keys_of(id))
    if (const auto* item = queue_.find(key)) entry.items.push_back(*item);
  co_return entry;
}

bool Dispatcher::Implementation::retry(base::MessageId id) {
  const auto keys = queue_.keys_of(id);
  for (const auto& key : keys) queue_.retry_now(key, around_.clock.wall());
  pump();
  return !keys.empty();
}

bool Dispatcher::Implementation::hold(base::MessageId id) {
  const auto keys = queue_.keys_of(id);
  if (keys.empty()) return false;
  for (const auto& key : keys) queue_.hold(key);
  mail::Update update;
  update.held = true;
  around_.spool.update(id, std::move(update));
  fresh_.erase(id);
  around_.log.info("held", {{"id", to_string(id)}, {"reason", "by the administrator"}});
  return true;
}

bool Dispatcher::Implementation::release(base::MessageId id) {
  const auto keys = queue_.keys_of(id);
  if (keys.empty()) return false;
  for (const auto& key : keys) queue_.release(key);
  mail::Update update;
  update.held = false;
  around_.spool.update(id, std::move(update));
  fresh_.erase(id);
  around_.log.info("released", {{"id", to_string(id)}});
  pump();
  return true;
}

// ---- the public face
// ---------------------------------------------------------------------------------------------------

Dispatcher::Dispatcher(Settings settings, std::shared_ptr<const route::Router> router, Surroundings surroundings)
    : implementation_(
          std::make_shared<Implementation>(std::move(settings), std::move(router), std::move(surroundings))) {}
Dispatcher::~Dispatcher() = default;

boost::asio::awaitable<base::Result<>> Dispatcher::start() {
  return implementation_->start();
}
void Dispatcher::committed(std::shared_ptr<const spool::StoredMessage> message) {
  implementation_->committed(std::move(message));
}
boost::asio::awaitable<void> Dispatcher::stop(base::MonoTime deadline) {
  return implementation_->stop(deadline);
}
void Dispatcher::reload(Settings settings, std::shared_ptr<const route::Router> router) {
  implementation_->reload(std::move(settings), std::move(router));
}
queue::Counts Dispatcher::counts() const {
  return implementation_->queue().counts();
}

boost::asio::awaitable<base::Result<Selected>> Dispatcher::select(Selector selector, Page page) {
  return implementation_->selection().page(std::move(selector), page);
}

boost::asio::awaitable<base::Result<QueueEntry>> Dispatcher::show(base::MessageId id) {
  return implementation_->show(id);
}
bool Dispatcher::retry(base::MessageId id) {
  return implementation_->retry(id);
}
bool Dispatcher::hold(base::MessageId id) {
  return implementation_->hold(id);
}
bool Dispatcher::release(base::MessageId id) {
  return implementation_->release(id);
}
boost::asio::awaitable<base::Result<>> Dispatcher::remove(base::MessageId id, Selector recipients) {
  auto reply = smtp::make_reply(250, {2, 0, 0}, "Deleted by the administrator");
  return implementation_->end(id, std::move(recipients), mail::RecipientState::deleted, std::move(reply));
}
boost::asio::awaitable<base::Result<>> Dispatcher::bounce(base::MessageId id, std::string reason, Selector recipients) {
  // X.3.0: our own system decided so (RFC 3463 section 3.4).
  auto reply =
      smtp::make_reply(554, {5, 3, 0}, "Returned by the administrator" + (reason.empty() ? "" : ": " + reason));
  return implementation_->end(id, std::move(recipients), mail::RecipientState::bounced, std::move(reply));
}

}  // namespace godwit::dispatch
