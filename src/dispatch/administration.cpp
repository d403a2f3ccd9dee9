// SPDX-License-Identifier: Apache-2.0
// Who asks and orders: the administrator's verbs.
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "dispatcher_implementation.hpp"
#include "suspensions.hpp"

namespace godwit::dispatch {
namespace {

constexpr std::size_t most_suspensions = 1000;
constexpr std::size_t most_started_at_once = 16;  // by ETRN
constexpr std::size_t started_per_page = 1000;
constexpr base::Duration turn_of_writers = std::chrono::milliseconds(10);

}  // namespace

boost::asio::awaitable<base::Result<QueueEntry>> Dispatcher::Implementation::show(base::MessageId id) {
  auto stored = co_await around_.spool.read(id);
  if (!stored) co_return std::unexpected(stored.error());
  QueueEntry entry{.id = id,
                   .envelope = std::move(stored->envelope),
                   .size = stored->body->size(),
                   .items = {},
                   .reasons = {},
                   .classes = {}};
  for (const auto& key : queue_.keys_of(id))
    if (const auto* item = queue_.find(key)) {
      entry.items.push_back(*item);
      entry.reasons.push_back(queue_.reason(key));
    }
  entry.classes = classes_of(classifier_, entry.envelope);
  co_return entry;
}

boost::asio::awaitable<base::Result<>> Dispatcher::Implementation::retry(base::MessageId id, Selector meant) {
  const auto asked = now();
  auto keys = queue_.keys_of(id);
  std::erase_if(keys, [&](const queue::Key& key) { return !meant.may_mean(*queue_.find(key), asked); });
  if (meant.needs_envelope()) {
    auto message = co_await load(id);
    if (!message) co_return std::unexpected(message.error());
    const auto destinations = awaited(id, (*message)->envelope, meant);
    std::erase_if(keys, [&](const queue::Key& key) { return !destinations.contains(key.destination); });
  }
  if (!queue_.contains(id)) co_return base::fail(base::ErrorKind::not_found, "there is no such message in the queue");
  if (keys.empty()) co_return base::fail(base::ErrorKind::refused, "no such recipient waits");
  for (const auto& key : keys) queue_.retry_now(key, now());
  pump();
  co_return base::Result<>();
}

void Dispatcher::Implementation::post_start_queue(std::string domain) {
  auto start = [self = shared_from_this(), domain = std::move(domain)]() mutable {
    self->start_queue(std::move(domain));
  };
  boost::asio::post(around_.home, std::move(start));
}

void Dispatcher::Implementation::start_queue(std::string domain) {
  if (stopping_ || starting_.size() == most_started_at_once || !starting_.insert(domain).second) return;
  auto task = [](std::shared_ptr<Implementation> self, std::string name) -> boost::asio::awaitable<void> {
    co_await self->retry_all(name);
    self->starting_.erase(name);
  };
  auto starting = task(shared_from_this(), std::move(domain));
  boost::asio::co_spawn(around_.home, std::move(starting), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

boost::asio::awaitable<void> Dispatcher::Implementation::retry_all(std::string domain) {
  const Selector selector{.destination = domain};
  Page page{.limit = started_per_page};
  for (;;) {
    auto selected = co_await selection_.page(selector, page);
    if (!selected || stopping_) co_return;
    for (const auto id : selected->ids) queue_.retry_now({.id = id, .destination = domain}, now());
    pump();
    if (!selected->next) co_return;
    page.after = *selected->next;
  }
}

bool Dispatcher::Implementation::hold(base::MessageId id, std::string_view why) {
  const auto keys = queue_.keys_of(id);
  if (keys.empty()) return false;
  for (const auto& key : keys) queue_.hold(key);
  note_hold_while_ending(id, true);
  mail::Update update;
  update.held = true;
  record(id, std::move(update));
  around_.log.info("held", {{"id", to_string(id)}, {"reason", why}});
  return true;
}

bool Dispatcher::Implementation::release(base::MessageId id) {
  const auto keys = queue_.keys_of(id);
  if (keys.empty()) return false;
  for (const auto& key : keys) queue_.release(key);
  note_hold_while_ending(id, false);
  mail::Update update;
  update.held = false;
  record(id, std::move(update));
  around_.log.info("released", {{"id", to_string(id)}});
  pump();
  return true;
}

// ---- suspensions
// ----------------------------------------------------------------------------------------------------------

boost::asio::awaitable<void> Dispatcher::Implementation::recall_suspensions() {
  if (around_.suspensions != nullptr) {
    auto text = co_await around_.suspensions->read();
    if (!text) around_.log.error("suspensions_unreadable", {{"reason", text.error().message}});
    const auto recalled = now();
    const auto known = decode_suspensions(text.value_or(""));
    suspensions_written_ = known.size();
    for (const auto& [name, suspension] : known)
      if (suspension.until > recalled) queue_.suspend(name, suspension, recalled);
  }
  suspensions_known_ = true;
}

boost::asio::awaitable<base::Result<>> Dispatcher::Implementation::remember_suspensions() {
  if (around_.suspensions == nullptr) co_return base::Result<>();
  while (writing_suspensions_) {
    auto slept = co_await around_.network.sleep_until(around_.network.now() + turn_of_writers);
    if (!slept) co_return std::unexpected(std::move(slept.error()));
  }
  writing_suspensions_ = true;
  suspensions_moved_ = false;
  const auto& known = queue_.suspensions();
  suspensions_written_ = known.size();
  auto text = encode_suspensions({known.begin(), known.end()});
  auto written = co_await around_.suspensions->write(std::move(text));
  writing_suspensions_ = false;
  if (!written) around_.log.error("suspensions_not_written", {{"reason", written.error().message}});
  co_return written;
}

void Dispatcher::Implementation::remember_moved_suspensions() {
  const bool is_written = !suspensions_moved_ && suspensions_written_ == queue_.suspensions().size();
  if (around_.suspensions == nullptr || writing_suspensions_ || is_written) return;
  auto remembering = [](std::shared_ptr<Implementation> self) -> boost::asio::awaitable<void> {
    static_cast<void>(co_await self->remember_suspensions());
  };
  begin(remembering(shared_from_this()));
}

boost::asio::awaitable<base::Result<>> Dispatcher::Implementation::suspend(std::string name,
                                                                           queue::Suspension suspension) {
  const auto& known = queue_.suspensions();
  if (known.size() >= most_suspensions && !known.contains(name))
    co_return base::fail(base::ErrorKind::exhausted, "there are too many suspensions");
  queue_.suspend(name, suspension, now());
  around_.log.info("suspended", {{"destination", name.empty() ? "all" : name}, {"reason", suspension.reason}});
  auto remembered = co_await remember_suspensions();
  co_return remembered;
}

boost::asio::awaitable<base::Result<>> Dispatcher::Implementation::resume(std::string name) {
  if (!queue_.resume(name, now())) co_return base::fail(base::ErrorKind::not_found, "it is not suspended");
  around_.log.info("resumed", {{"destination", name.empty() ? "all" : name}});
  pump();
  auto remembered = co_await remember_suspensions();
  co_return remembered;
}

}  // namespace godwit::dispatch
