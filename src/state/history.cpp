// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/history.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "history_implementation.hpp"

namespace godwit::state {
namespace {

constexpr base::Duration tidy_interval = std::chrono::minutes(10);
constexpr base::Duration after_failure = std::chrono::seconds(10);

void rethrow(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

// ---- any thread

void History::Implementation::add(std::string_view event, std::span<const log::Field> fields) {
  if (!keeps_.load(std::memory_order_relaxed)) return;
  const auto ids = ids_of(fields);
  const auto now = clock_.wall();
  if (!queue_.add(now, ids, encode_event(now, ids, event, fields))) return;
  boost::asio::post(executor_, [self = shared_from_this()] { self->write_soon(); });
}

// ---- on the executor

boost::asio::awaitable<void> History::Implementation::wait_for_turn() {
  while (turn_taken_) co_await boost::asio::post(executor_, boost::asio::use_awaitable);
}

// So much is written at once, and nobody's thread is woken for every event.
void History::Implementation::write_soon() {
  if (stopping_) return;
  linger_.expires_after(linger);
  linger_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (cancelled) return;
    auto writing = [](std::shared_ptr<Implementation> history) -> boost::asio::awaitable<void> {
      co_await history->write();
    };
    boost::asio::co_spawn(self->executor_, writing(self), rethrow);
  });
}

boost::asio::awaitable<void> History::Implementation::write() {
  co_await wait_for_turn();
  const Turn turn(turn_taken_);
  auto frames = queue_.take();
  if (frames.empty()) co_return;
  std::uint64_t events = 0;
  for (const auto& frame : frames) events += frame.events;
  if (failing_ && clock_.mono() < retry_at_) {
    queue_.note_lost(events);
    co_return;
  }
  co_await segments_.seal_if_due(settings_, clock_.wall());
  auto appended = co_await segments_.append(std::move(frames));
  if (!appended) {
    note_failure(appended.error(), events);
    co_return;
  }
  failing_ = false;
  written_ += events;
  tell_lost();
  co_await segments_.expire(settings_of_segments(), clock_.wall());
  note_counts();
}

void History::Implementation::note_failure(const base::Error& error, std::uint64_t events) {
  queue_.note_lost(events);
  if (!std::exchange(failing_, true)) log_.warn("history_not_written", {{"reason", error.message}});
  retry_at_ = clock_.mono() + after_failure;
}

void History::Implementation::tell_lost() {
  const auto lost = queue_.lost();
  if (lost > told_lost_) log_.warn("history_lost", {{"count", lost - told_lost_}});
  told_lost_ = lost;
}

boost::asio::awaitable<void> History::Implementation::load() {
  co_await segments_.load();
  co_await segments_.expire(settings_of_segments(), clock_.wall());
  note_counts();
  turn_taken_ = false;
  auto tidying = [](std::shared_ptr<Implementation> self) -> boost::asio::awaitable<void> { co_await self->tidy(); };
  boost::asio::co_spawn(executor_, tidying(shared_from_this()), rethrow);
  if (indexer_) start_indexing();
}

// What is too old goes, though nothing new comes.
boost::asio::awaitable<void> History::Implementation::tidy() {
  while (!stopping_) {
    tidy_.expires_after(tidy_interval);
    boost::system::error_code cancelled;
    co_await tidy_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    if (stopping_) co_return;
    co_await wait_for_turn();
    const Turn turn(turn_taken_);
    co_await segments_.seal_if_due(settings_, clock_.wall());
    co_await segments_.expire(settings_of_segments(), clock_.wall());
    note_counts();
  }
}

boost::asio::awaitable<void> History::Implementation::change_settings(HistorySettings settings) {
  settings_ = settings;
  keeps_ = settings.keep > base::Duration::zero();
  co_await wait_for_turn();
  const Turn turn(turn_taken_);
  if (!keeps_) co_await segments_.seal();
  co_await segments_.expire(settings_of_segments(), clock_.wall());
  note_counts();
}

boost::asio::awaitable<void> History::Implementation::stop() {
  queue_.close();
  co_await write();
  end();
  {
    co_await wait_for_turn();
    const Turn turn(turn_taken_);
    co_await segments_.seal();
  }
  if (!indexer_) co_return;
  auto stopping = indexer_->stopped();
  co_await boost::asio::co_spawn(indexer_->executor(), std::move(stopping), boost::asio::use_awaitable);
}

void History::Implementation::end() {
  stopping_ = true;
  linger_.cancel();
  tidy_.cancel();
  if (indexer_) indexer_->stop();
}

void History::Implementation::note_counts() {
  HistoryCounts counts{.events = written_, .lost = 0, .bytes = 0, .segments = 0, .since = {}};
  for (const auto& segment : segments_.all()) {
    counts.bytes += segment.size;
    ++counts.segments;
    if (segment.head.last >= segment.head.first && !counts.since) counts.since = segment.head.first;
  }
  {
    const std::scoped_lock lock(counts_mutex_);
    counts_ = counts;
  }
  if (indexer_) indexer_->wake();
}

HistoryCounts History::Implementation::counts() const {
  const std::scoped_lock lock(counts_mutex_);
  auto counts = counts_;
  counts.lost = queue_.lost();
  if (indexer_) {
    counts.index_bytes = indexer_->file_size();
    counts.behind = indexer_->generation() == 0 ? counts.bytes : indexer_->behind();
  }
  return counts;
}

// ---- the index

boost::asio::awaitable<HistoryIndexer::Snapshot> History::Implementation::snapshot() {
  HistoryIndexer::Snapshot now{.segments = {}, .events = written_};
  for (const auto& segment : segments_.all())
    now.segments.push_back({.segment = segment, .is_finished = !segments_.is_writing(segment.number)});
  co_return now;
}

void History::Implementation::start_indexing() {
  const auto self = shared_from_this();
  auto ask = [self] { return boost::asio::co_spawn(self->executor_, self->snapshot(), boost::asio::use_awaitable); };
  auto read = [self](HistorySegment segment) { return self->segments_.reader(segment); };
  indexer_->start({.now = std::move(ask), .reader = std::move(read)});
}

HistorySettings History::Implementation::settings_of_segments() const {
  auto settings = settings_;
  if (indexer_) settings.max_size -= std::min(indexer_->used_size(), settings.max_size / 2);
  return settings;
}

// ---- the public face

History::History(std::string directory, HistorySettings settings, disk::Disk& disk, const base::Clock& clock,
                 log::Logger& log, const boost::asio::any_io_executor& executor, std::optional<HistoryIndexPlace> index)
    : implementation_(std::make_shared<Implementation>(
          std::move(directory), settings, disk, clock, log, executor,
          index ? std::make_shared<HistoryIndexer>(index->path, clock, log, index->executor) : nullptr)) {}
History::~History() {
  boost::asio::post(implementation_->executor(), [self = implementation_] { self->end(); });
}

void History::add(std::string_view event, std::span<const log::Field> fields) {
  implementation_->add(event, fields);
}

void History::start() {
  auto loading = [](std::shared_ptr<Implementation> self) -> boost::asio::awaitable<void> { co_await self->load(); };
  boost::asio::co_spawn(implementation_->executor(), loading(implementation_), rethrow);
}

boost::asio::awaitable<base::Result<std::vector<HistoryEvent>>> History::of(base::MessageId id) {
  auto reading = implementation_->of(id);
  co_return co_await boost::asio::co_spawn(implementation_->executor(), std::move(reading), boost::asio::use_awaitable);
}

boost::asio::awaitable<base::Result<HistoryFound>> History::search(HistoryQuery query, base::MonoTime until) {
  auto searching = implementation_->search(std::move(query), until);
  co_return co_await boost::asio::co_spawn(implementation_->executor(), std::move(searching),
                                           boost::asio::use_awaitable);
}

HistoryCounts History::counts() const {
  return implementation_->counts();
}

void History::change_settings(HistorySettings settings) {
  auto changing = [](std::shared_ptr<Implementation> self, HistorySettings changed) -> boost::asio::awaitable<void> {
    co_await self->change_settings(changed);
  };
  boost::asio::co_spawn(implementation_->executor(), changing(implementation_, settings), rethrow);
}

boost::asio::awaitable<void> History::stop() {
  auto stopping = implementation_->stop();
  co_await boost::asio::co_spawn(implementation_->executor(), std::move(stopping), boost::asio::use_awaitable);
}

}  // namespace godwit::state
