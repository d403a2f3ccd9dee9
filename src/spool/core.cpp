// SPDX-License-Identifier: Apache-2.0
// The queue in front of the committer, and what everybody asks of the core.
#include "core.hpp"

#include <deque>
#include <thread>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace godwit::spool {
namespace {

// Beside a record's bytes; so that also small ones are bounded.
constexpr std::uint64_t pending_overhead = 1024;

std::uint64_t memory_of(const Pending& pending) {
  std::uint64_t bytes = pending_overhead + pending.front.size() + pending.summary.size() + pending.body.size();
  for (const mail::RecipientUpdate& change : pending.update.recipients)
    bytes += sizeof change + change.last_reply.size();
  return bytes;
}

}  // namespace

Refused unhealthy() {
  return {Refused::Why::unhealthy, "the spool has failed or is stopping"};
}

Core::Core(Settings s, disk::Disk& d, const base::Clock& c, base::Random& random, log::Logger& l, Executors e)
    : settings(std::move(s)),
      paths(settings.directory),
      disk(d),
      clock(c),
      log(l),
      executors(std::move(e)),
      ids(c),
      budget(std::make_shared<Budget>(settings.memory)),
      quarantine(paths, d, l),
      journal_(settings, d, c, random, ids) {
  // A pool's first timer takes descriptors for all that follow: now, for there may be none when a pause is due.
  if (executors.pause) return;
  for (const auto& pool : {executors.bodies, executors.background}) boost::asio::steady_timer{pool};
}

std::expected<void, Refused> Core::check_ready(std::uint64_t size_hint) {
  if (!healthy_) return std::unexpected(unhealthy());
  if (full_) {
    kick();  // looks again
    return std::unexpected(Refused{Refused::Why::full, "less than spool.min_free is free"});
  }
  if (size_hint > settings.message_size)
    return std::unexpected(Refused{Refused::Why::too_large, "SIZE is above the limit"});
  const std::scoped_lock lock(mutex_);
  if (stopping_) return std::unexpected(unhealthy());
  if (pending_bytes_ > budget->limit / 2)
    return std::unexpected(Refused{Refused::Why::back_pressure, "the disk does not keep up"});
  return {};
}

bool Core::keeps_up() const {
  const std::scoped_lock lock(mutex_);
  return pending_bytes_ + deferred_bytes_ <= budget->limit / 8;
}

boost::asio::awaitable<Accepted<base::MessageId>> Core::submit(Pending pending) {
  const auto self = shared_from_this();
  auto initiate = [self](auto handler, Pending waiting) {
    waiting.executor = boost::asio::get_associated_executor(handler);
    waiting.since = self->clock.mono();
    waiting.completion = std::move(handler);
    self->enqueue(std::move(waiting));
  };
  co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Accepted<base::MessageId>)>(
      initiate, boost::asio::use_awaitable, std::move(pending));
}

void Core::update(base::MessageId id, mail::Update update) {
  Pending pending;
  pending.type = RecordType::update;
  pending.id = id;
  pending.update = std::move(update);
  enqueue(std::move(pending));
}

boost::asio::awaitable<base::Result<>> Core::sync() {
  const auto self = shared_from_this();
  auto initiate = [self](auto handler) {
    const auto executor = boost::asio::get_associated_executor(handler);
    auto waiter = [executor, then = std::move(handler)](bool written) mutable {
      boost::asio::post(executor, [then = std::move(then), written]() mutable { then(written); });
    };
    bool settled = false;
    {
      const std::scoped_lock lock(self->mutex_);
      self->sync_waiters_.add(std::move(waiter));
      settled =
          (self->sync_waiters_.all_settled() && self->deferred_bytes_ == 0) || (self->stopping_ && !self->draining_);
    }
    if (settled)
      self->tell_sync_waiters(0);
    else
      self->kick();
  };
  const bool written = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(bool)>(
      initiate, boost::asio::use_awaitable);
  if (written) co_return base::Result<>();
  if (is_stopping()) co_return base::fail(base::ErrorKind::io, unhealthy().detail);
  co_return base::fail(base::ErrorKind::exhausted, "the disk of the spool is full");
}

void Core::enqueue(Pending pending) {
  bool taken = false;
  {
    const std::scoped_lock lock(mutex_);
    if (healthy_ && !stopping_) {
      pending.charged = memory_of(pending);
      pending_bytes_ += pending.charged;
      sync_waiters_.handed_over();
      pending_.push_back(std::move(pending));
      taken = true;
    }
    refused_any_ = refused_any_ || !taken;
  }
  if (taken)
    kick();
  else
    refuse({&pending, 1}, unhealthy());  // NOLINT(bugprone-use-after-move): only what was taken was moved
}

void Core::kick() {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(draining_, true)) return;
    ++tasks_;
  }
  wake();
}

void Core::wake() {
  auto task = drain();
  spawn(executors.committer, std::move(task));
}

// Counted by the caller.  A task that throws, uncounted, would hold up the stop for ever: that ends the process.
void Core::spawn(const boost::asio::any_io_executor& executor, Task<void> task) {
  auto counted = [](std::shared_ptr<Core> self, Task<void> inner) -> Task<void> {
    co_await std::move(inner);
    self->task_ended();
  };
  boost::asio::co_spawn(executor, counted(shared_from_this(), std::move(task)), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
}

std::size_t Core::queued() const {
  const std::scoped_lock lock(mutex_);
  return pending_.size();
}

bool Core::is_stopping() const {
  const std::scoped_lock lock(mutex_);
  return stopping_ || !healthy_;
}

Core::Task<void> Core::pause(base::Duration duration) {
  if (executors.pause) {
    auto waiting = executors.pause(duration);
    co_await std::move(waiting);
    co_return;
  }
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, duration);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

// Whoever else is ready goes first.  Not in simulations: there it would be other programs.
void Core::step_back() const {
  if (!executors.pause) std::this_thread::yield();
}

// Updates have nobody who waits.
void Core::refuse(std::span<Pending> group, const Refused& why) {
  for (Pending& one : group) {
    if (!one.completion) continue;
    boost::asio::post(one.executor, [completion = std::move(one.completion), why = why]() mutable {
      completion(std::unexpected(std::move(why)));
    });
    one.completion = nullptr;
  }
}

// One post for each executor, not for each message.
void Core::complete(std::span<Pending> group) {
  using Done = std::pair<Completion, base::MessageId>;
  struct Batch {
    boost::asio::any_io_executor executor;
    std::vector<Done> all;
  };
  std::deque<Batch> by_executor;
  for (Pending& one : group) {
    if (!one.completion) continue;
    auto found = std::ranges::find(by_executor, one.executor, &Batch::executor);
    if (found == by_executor.end()) found = by_executor.insert(found, Batch{one.executor, {}});
    found->all.emplace_back(std::move(one.completion), one.id);
    one.completion = nullptr;
  }
  for (auto& [executor, all] : by_executor)
    boost::asio::post(executor, [all = std::move(all)]() mutable {
      for (auto& [completion, id] : all) completion(id);
    });
}

// `settled`: so many of the queue were written, refused or deferred.
void Core::tell_sync_waiters(std::size_t settled) {
  std::vector<SyncWaiters::Waiter> ready;
  bool written = healthy_;
  {
    const std::scoped_lock lock(mutex_);
    ready = sync_waiters_.settle(settled);
    written = written && !refused_any_ && deferred_bytes_ == 0;
  }
  for (auto& waiter : ready) waiter(written);
}

void Core::fail(std::string why) {
  if (!healthy_.exchange(false)) return;
  log.error("spool_failed", {{"error", why}});
  if (!on_fatal) return;
  boost::asio::post(executors.committer, [self = shared_from_this(), why = std::move(why)] { self->on_fatal(why); });
}

Statistics Core::statistics() const {
  Statistics s;
  s.groups = journal_.groups();
  s.syncs = journal_.syncs();
  s.records = records_;
  s.copies = copies_;
  s.quarantined = quarantine.found();
  s.healthy = healthy_;
  s.commit_time = commit_time_.counts();
  s.group_size = group_size_.counts();
  const std::scoped_lock lock(index_mutex_);
  s.messages = index_.size();
  s.segments = index_.segments().all().size();
  s.bytes_live = index_.segments().bytes_live();
  s.bytes_used = index_.segments().bytes_used() + journal_.spare_bytes();
  return s;
}

}  // namespace godwit::spool
