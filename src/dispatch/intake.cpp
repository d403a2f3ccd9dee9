// SPDX-License-Identifier: Apache-2.0
// What comes into the queue: at the start, with every commit, and what a reload changes of it.
#include <set>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "dispatcher_implementation.hpp"
#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

// After a long time down everything is past its expiry: this long it is tried before it is returned.
constexpr base::Duration first_chance = std::chrono::hours(1);

constexpr base::Duration audit_interval = std::chrono::minutes(10);
// An update that was on its way is recorded by then.
constexpr base::Duration second_look = std::chrono::seconds(10);

std::set<std::string> waiting_destinations(const mail::Envelope& envelope, const route::Router& router) {
  std::set<std::string> destinations;
  for (const auto& recipient : envelope.recipients)
    if (recipient.state == mail::RecipientState::waiting) {
      const auto known = router.has_users() ? router.known_destination(recipient.address) : std::nullopt;
      destinations.insert(known.value_or(recipient.address.domain));
    }
  return destinations;
}

// Whose turn it is when senders take turns.
queue::Sender sender_of(const mail::Envelope& envelope) {
  if (envelope.is_bounce()) return queue::sender_key("bounce", envelope.priority);
  return queue::sender_key(envelope.account.empty() ? envelope.client_address : envelope.account, envelope.priority);
}

// A summary knows neither account nor client.  A list's sender address often names its recipient after a "+".
queue::Sender sender_of(const spool::Summary& summary) {
  if (summary.bounce) return queue::sender_key("bounce", summary.priority);
  const auto at = summary.sender.rfind('@');
  const auto local = summary.sender.substr(0, std::min(at, summary.sender.find('+')));
  return queue::sender_key(local + (at == std::string::npos ? "" : summary.sender.substr(at)), summary.priority);
}

}  // namespace

Dispatcher::Implementation::Implementation(Settings settings, std::shared_ptr<const route::Router> router,
                                           Surroundings surroundings)
    : settings_(std::move(settings)),
      router_(std::move(router)),
      policy_(std::make_shared<const SitePolicy>(settings_, router_)),
      classifier_(settings_.failures),
      around_(std::move(surroundings)),
      reporter_(settings_.hostname, around_),
      queue_(queue_settings()),
      selection_(queue_, around_.spool, around_.clock, around_.home,
                 [this](base::MessageId id, const smtp::Mailbox& address) { return destination_of(id, address); }),
      audit_(queue_, around_.spool,
             [this](base::MessageId id, const smtp::Mailbox& address) { return destination_of(id, address); }),
      clock_jumps_(around_.clock.wall(), around_.clock.mono()) {}

base::WallTime Dispatcher::Implementation::now() {
  const auto wall = around_.clock.wall();
  if (const auto by = clock_jumps_.look(wall, around_.clock.mono())) {
    around_.log.warn("clock_jumped", {{"jump", base::format_duration(std::chrono::round<std::chrono::seconds>(*by))}});
    queue_.clock_jumped(*by, wall);
    suspensions_moved_ = true;
  }
  return wall;
}

queue::Settings Dispatcher::Implementation::queue_settings() const {
  auto settings = settings_.queue;
  settings.sites = policy_->rules(settings.connections_per_destination);
  return settings;
}

// Held by a rule at once, such mail costs no attempt.  Gives why it is held.
std::optional<std::string> Dispatcher::Implementation::add(queue::Item item, const smtp::ReversePath& sender) {
  const auto key = item.key;
  auto why = item.state == queue::State::held ? std::nullopt : router_->why_held(key.destination, sender);
  item.via = policy_->via(key.destination, sender);
  if (!queue_.add(item)) return {};  // it is there already
  if (why) queue_.hold(key, queue::HoldBy::rule);
  return why;
}

bool Dispatcher::Implementation::enqueue(base::MessageId id, const mail::Envelope& envelope, std::uint64_t size) {
  bool moves = false;
  clock_jumps_.add(id);
  const auto jumped = clock_jumps_.since(id, envelope.accepted);
  for (const auto& destination : waiting_destinations(envelope, *router_)) {
    const auto retry = policy_->retry(destination, envelope.sender);
    queue::Item item{.key = {.id = id, .destination = destination},
                     .accepted = envelope.accepted,
                     .next_attempt = envelope.next_attempt,
                     .deadline = next_deadline(retry, patience_of(envelope, jumped)),
                     .attempts = envelope.attempts,
                     .sender = sender_of(envelope),
                     .size = size,
                     .state = envelope.held ? queue::State::held : queue::State::waiting};
    const auto why = add(std::move(item), envelope.sender);
    if (why) log_held({.id = id, .destination = destination}, *why);
    moves = moves || (!why && !envelope.held);
  }
  return moves;
}

void Dispatcher::Implementation::enqueue(const spool::Summary& summary, base::WallTime started) {
  smtp::ReversePath sender;
  if (!summary.bounce) {
    auto parsed = smtp::parse_mailbox(summary.sender, smtp::BareLocal::refuse, smtp::Utf8::allow);
    sender = parsed ? std::move(*parsed) : smtp::Mailbox{};
  }
  clock_jumps_.add(summary.id);
  const auto jumped = clock_jumps_.since(summary.id, summary.accepted);
  for (const auto& destination : summary.waiting) {
    const auto retry = policy_->retry(destination.domain, sender);
    // Were the clock set back meanwhile, what it said before would be far ahead.
    const auto longest = queue::longest_delay(summary.bounce ? queue::schedule_of_bounces(retry) : retry);
    const auto latest = std::max(summary.release + jumped, started + longest);
    add({.key = {.id = summary.id, .destination = destination.domain},
         .accepted = summary.accepted,
         .next_attempt = std::min(summary.next_attempt + jumped, latest),
         .deadline = next_deadline(retry, patience_of(summary, jumped), started + first_chance),
         .attempts = summary.attempts,
         .sender = sender_of(summary),
         .size = summary.size,
         .state = summary.held ? queue::State::held : queue::State::waiting},
        sender);
  }
}

boost::asio::awaitable<base::Result<>> Dispatcher::Implementation::start() {
  const auto started = now();
  co_await recall_suspensions();
  // What is committed meanwhile comes by its notice alone: delivered by the list's word, it would come once more then.
  const auto last = around_.spool.last_recovered();
  auto listed =
      co_await around_.spool.for_each_live(spool::Listing::fast, [this, started, last](const spool::Summary& summary) {
        if (summary.id <= last) enqueue(summary, started);
        return true;
      });
  if (!listed) co_return listed;
  clock_jumps_.all_listed();
  const auto rethrow = [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  };
  auto ticking = [self = shared_from_this()] { return self->tick(); };
  boost::asio::co_spawn(around_.home, ticking(), rethrow);
  auto watching = [self = shared_from_this()] { return self->watch(); };
  boost::asio::co_spawn(around_.home, watching(), rethrow);
  co_return base::Result<>();
}

void Dispatcher::Implementation::committed(Message message) {
  auto take = [self = shared_from_this(), message = std::move(message)]() mutable {
    const auto id = message->id;
    self->look_at(message);
    static_cast<void>(self->now());  // a jump that came before it is known before it
    self->clock_jumps_.add_new(id, message->envelope.accepted);
    const bool moves = self->enqueue(id, message->envelope, message->body->size());
    if (moves) self->fresh_.put(id, std::move(message));
    self->pump();
  };
  boost::asio::post(around_.home, std::move(take));
}

// ---- audit
// ----------------------------------------------------------------------------------------------------------------

boost::asio::awaitable<void> Dispatcher::Implementation::watch() {
  const auto self = shared_from_this();
  while (!stopping_) {
    auto slept = co_await around_.network.sleep_until(around_.network.now() + audit_interval);
    if (!slept) co_return;
    if (!stopping_) co_await audit_once();
  }
}

boost::asio::awaitable<void> Dispatcher::Implementation::audit_once() {
  auto suspicious = co_await audit_round();
  if (suspicious.empty()) co_return;
  auto slept = co_await around_.network.sleep_until(around_.network.now() + second_look);
  if (!slept || stopping_) co_return;
  co_await look_again(std::move(suspicious));
  pump();
}

boost::asio::awaitable<std::vector<queue::Key>> Dispatcher::Implementation::audit_round() {
  auto round = co_await audit_.round();
  if (!round) {
    around_.log.warn("audit_failed", {{"reason", round.error().message}});
    co_return std::vector<queue::Key>{};
  }
  audit_counts_.checked += round->checked;
  if (!round->broken.empty()) {
    ++audit_counts_.errors;
    around_.log.error("queue_inconsistent", {{"reason", round->broken}});
  }
  co_return std::move(round->suspicious);
}

boost::asio::awaitable<void> Dispatcher::Implementation::look_again(std::vector<queue::Key> suspicious) {
  const auto missing = co_await audit_.missing(std::move(suspicious));
  for (const auto& message : missing) {
    ++audit_counts_.errors;
    around_.log.error("queue_forgot", {{"id", to_string(message.id)}});
    enqueue(message.id, message.envelope, message.body->size());
  }
}

// Once all outcomes are stored.  Where these wait for the disk there is nothing to compare.
boost::asio::awaitable<void> Dispatcher::Implementation::last_audit(base::MonoTime deadline) {
  if (queue_.counts().items > Audit::small_queue || !around_.spool.statistics().healthy) co_return;
  auto auditing = [](std::shared_ptr<Implementation> self) -> boost::asio::awaitable<void> {
    auto syncing = self->around_.spool.sync();
    const auto synced = co_await std::move(syncing);
    if (!synced) co_return;
    auto suspicious = co_await self->audit_round();
    co_await self->look_again(std::move(suspicious));
  };
  begin(auditing(shared_from_this()));
  co_await stop(deadline);
}

void Dispatcher::Implementation::reload(Settings settings, std::shared_ptr<const route::Router> router) {
  settings_ = std::move(settings);
  router_ = std::move(router);
  policy_ = std::make_shared<const SitePolicy>(settings_, router_);
  classifier_ = mail::FailureClassifier(settings_.failures);
  queue_.change_settings(queue_settings(), now());
  // What a rule held is asked again under the new rules; what an administrator held stays.
  queue_.release_rule_held();
  pump();
}

}  // namespace godwit::dispatch
