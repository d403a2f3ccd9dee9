// SPDX-License-Identifier: Apache-2.0
#include "history_indexer.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace godwit::state {
namespace {

constexpr base::Duration gathering = std::chrono::seconds(1);  // so that much is looked at at once
constexpr base::Duration after_trouble = std::chrono::minutes(1);
constexpr base::Duration idle_look = std::chrono::hours(24);
// Mail flows: more events than this have come in a second.  Then a part is followed by a rest that makes the indexer's
// share of one core 1/20, else half of it.
constexpr double busy_rate = 100;
constexpr int rest_when_busy = 19;

void rethrow_thrown(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

bool must_be_made_anew(const base::Error& error) {
  return error.kind == base::ErrorKind::corrupt || error.kind == base::ErrorKind::invalid ||
         error.kind == base::ErrorKind::unsupported;
}

base::Duration rest_after(base::Duration worked, std::uint64_t events, base::Duration passed) {
  const auto passed_seconds = std::chrono::duration<double>(passed).count();
  return static_cast<double>(events) > busy_rate * passed_seconds ? worked * rest_when_busy : worked;
}

}  // namespace

// ---- any thread

void HistoryIndexer::wake() {
  if (awake_.exchange(true)) return;
  boost::asio::post(executor_, [self = shared_from_this()] {
    if (self->idle_) self->timer_.cancel();
  });
}

void HistoryIndexer::doubt() {
  doubted_ = true;
  generation_ = 0;
  wake();
}

void HistoryIndexer::stop() {
  boost::asio::post(executor_, [self = shared_from_this()] {
    self->stopping_ = true;
    self->timer_.cancel();
  });
}

void HistoryIndexer::start(Source source) {
  auto running = [](std::shared_ptr<HistoryIndexer> self, Source from) -> boost::asio::awaitable<void> {
    self->running_ = true;
    co_await self->run(std::move(from));
    self->running_ = false;
    self->ended_.cancel();
  };
  boost::asio::co_spawn(executor_, running(shared_from_this(), std::move(source)), rethrow_thrown);
}

// ---- on its executor

const HistoryIndexer::Snapshot::Segment* HistoryIndexer::Snapshot::find(std::uint32_t number) const {
  const auto found =
      std::ranges::lower_bound(segments, number, {}, [](const Segment& one) { return one.segment.number; });
  return found == segments.end() || found->segment.number != number ? nullptr : &*found;
}

boost::asio::awaitable<void> HistoryIndexer::stopped() {
  stopping_ = true;
  timer_.cancel();
  boost::system::error_code cancelled;
  if (running_) co_await ended_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  generation_ = 0;
  index_.reset();
}

boost::asio::awaitable<void> HistoryIndexer::rest(base::Duration time) {
  if (stopping_) co_return;
  timer_.expires_after(time);
  boost::system::error_code cancelled;
  co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
}

boost::asio::awaitable<void> HistoryIndexer::run(Source source) {
  std::uint64_t events = 0;
  auto looked_at = clock_.mono();
  while (!stopping_) {
    awake_ = false;
    auto asking = source.now();
    const auto now = co_await std::move(asking);
    const auto began = clock_.mono();
    auto looking = look(now, source);
    const auto did = co_await std::move(looking);
    const auto worked = clock_.mono() - began;
    if (!did) {
      const auto pause = give_up(did.error());
      co_await rest(pause);
    } else if (*did == Did::something) {
      co_await rest(rest_after(worked, now.events - events, began - looked_at));
    } else {
      idle_ = true;
      if (!awake_) co_await rest(idle_look);
      idle_ = false;
      co_await rest(gathering);
    }
    events = now.events;
    looked_at = began;
  }
}

disk::Task<HistoryIndexer::Did> HistoryIndexer::look(const Snapshot& now, const Source& source) {
  if (doubted_.exchange(false) && index_)
    co_return base::fail(base::ErrorKind::corrupt, path_ + ": a search has found it damaged");
  if (!index_) {
    auto opening = open(now, source);
    auto opened = co_await std::move(opening);
    if (!opened) co_return std::unexpected(opened.error());
  }
  auto did = forget(now);
  if (!did) co_return std::unexpected(did.error());
  if (const auto target = next_to_index(now); target && *did == Did::nothing) {
    auto indexing = index(*target, source);
    auto indexed = co_await std::move(indexing);
    if (!indexed) co_return std::unexpected(indexed.error());
    did = Did::something;
  }
  if (auto noted = note_sizes(now); !noted) co_return std::unexpected(noted.error());
  in_trouble_ = false;
  co_return *did;
}

base::Duration HistoryIndexer::give_up(const base::Error& error) {
  generation_ = 0;
  index_.reset();
  last_parts_.clear();
  const bool again = std::exchange(in_trouble_, true);
  if (!must_be_made_anew(error)) {
    if (!again) log_.warn("history_index_not_written", {{"reason", error.message}});
    return after_trouble;
  }
  log_.warn("history_index_rebuilt", {{"reason", error.message}});
  HistoryIndex::remove(path_);
  return again ? after_trouble : base::Duration::zero();
}

// ---- what is there

boost::asio::awaitable<base::Result<>> HistoryIndexer::open(const Snapshot& now, const Source& source) {
  const bool is_missing =
      !in_trouble_ && !now.segments.empty() && now.segments.front().is_finished && !HistoryIndex::exists(path_);
  auto opened = HistoryIndex::open(path_);
  if (!opened) co_return std::unexpected(opened.error());
  if (is_missing) log_.warn("history_index_rebuilt", {{"reason", path_ + ": there is none"}});
  auto parts = opened->last_parts();
  if (!parts) co_return std::unexpected(parts.error());
  for (const auto& [segment, part] : *parts) {
    auto comparing = is_of(part, now, source);
    auto same = co_await std::move(comparing);
    if (!same) co_return std::unexpected(same.error());
    if (*same)
      last_parts_[segment] = part;
    else if (auto forgotten = opened->forget(segment); !forgotten)
      co_return forgotten;
  }
  index_ = std::move(*opened);
  auto noted = note_sizes(now);
  if (noted) generation_ = ++generations_;
  co_return noted;
}

// A crash of the machine may have taken the segment's end, or all of it: then its number is used again.
disk::Task<bool> HistoryIndexer::is_of(const IndexedPart& part, const Snapshot& now, const Source& source) {
  const auto* found = now.find(part.segment);
  if (found == nullptr || found->segment.size < part.end) co_return false;
  auto opening = source.reader(found->segment);
  auto reader = co_await std::move(opening);
  if (!reader) co_return false;
  auto identity = co_await (*reader)->identity();
  co_return identity&&* identity == part.identity;
}

base::Result<HistoryIndexer::Did> HistoryIndexer::forget(const Snapshot& now) {
  for (auto at = last_parts_.begin(); at != last_parts_.end(); ++at) {
    if (now.find(at->first) != nullptr) continue;
    auto forgotten = index_->forget(at->first);
    if (forgotten) forgotten = index_->shrink();
    if (!forgotten) return std::unexpected(forgotten.error());
    last_parts_.erase(at);
    return Did::something;
  }
  return Did::nothing;
}

// ---- what comes

std::uint64_t HistoryIndexer::end_of(std::uint32_t segment) const {
  const auto found = last_parts_.find(segment);
  return found == last_parts_.end() ? FrameReader::first_frame : found->second.end;
}

std::optional<HistoryIndexer::Snapshot::Segment> HistoryIndexer::next_to_index(const Snapshot& now) const {
  for (auto at = now.segments.rbegin(); at != now.segments.rend(); ++at) {
    const auto end = end_of(at->segment.number);
    if (at->segment.size >= end + usual_part || (at->is_finished && at->segment.size > end)) return *at;
  }
  return {};
}

// What cannot be read, and never will be, is passed over, as those do who search.
disk::Task<> HistoryIndexer::index(Snapshot::Segment target, const Source& source) {
  const auto& segment = target.segment;
  IndexedPart part{.segment = segment.number, .begin = end_of(segment.number), .end = segment.size};
  std::vector<FrameTerms> frames;
  auto opening = source.reader(segment);
  auto reader = co_await std::move(opening);
  if (!reader && reader.error().kind != base::ErrorKind::not_found && reader.error().kind != base::ErrorKind::corrupt)
    co_return std::unexpected(reader.error());
  if (reader) {
    auto reading = read_part(**reader, part, frames);
    auto read = co_await std::move(reading);
    if (!read) co_return std::unexpected(read.error());
  }
  auto added = index_->add(part, frames);
  if (added) last_parts_[segment.number] = part;
  co_return added;
}

// Damage ends a segment; what the disk does not give now is read again later.
disk::Task<> HistoryIndexer::read_part(FrameReader& reader, IndexedPart& part, std::vector<FrameTerms>& frames) {
  auto identity = co_await reader.identity();
  part.identity = identity.value_or(0);
  reader.go_to(part.begin);
  while (reader.position() < part.begin + usual_part) {
    auto frame = co_await reader.next();
    if (!frame && frame.error().kind == base::ErrorKind::io) co_return std::unexpected(frame.error());
    if (!frame || !*frame) co_return base::Result<>{};
    const auto& added = frames.emplace_back(terms_of_frame((*frame)->offset, (*frame)->payload));
    part.first = std::min(part.first, added.first);
    part.last = std::max(part.last, added.last);
  }
  part.end = reader.position();
  co_return base::Result<>{};
}

base::Result<> HistoryIndexer::note_sizes(const Snapshot& now) {
  const auto size = index_->size();
  if (!size) return std::unexpected(size.error());
  file_size_ = size->file;
  used_size_ = size->used;
  std::uint64_t behind = 0;
  for (const auto& [segment, _] : now.segments) behind += segment.size - std::min(segment.size, end_of(segment.number));
  behind_ = behind;
  return {};
}

}  // namespace godwit::state
