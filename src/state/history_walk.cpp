// SPDX-License-Identifier: Apache-2.0
// The last events of a name, in the order in which they happened.  They are counted first, from the newest segment
// back, so that no more of them than one frame has is ever in memory.  Between two frames others run.
#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "history_implementation.hpp"

namespace godwit::state {

struct HistoryWalk::State {
  std::string event;
  std::vector<std::string> beside;
  base::MonoTime until;
  bool is_cut_short = false;               // before all were counted
  std::vector<HistorySegment> segments{};  // still to be read, the newest first
  std::size_t skip = 0;                    // events of the name that come before, in the segment that is read
  std::size_t events = 0;                  // in all
  std::unique_ptr<FrameReader> reader{};   // of the segment that is read

  // Whether the caller gets it.
  bool wants(const EventView& seen) {
    if (seen.name == event) {
      if (skip == 0) return true;
      --skip;
      return false;
    }
    return skip == 0 && std::ranges::find(beside, seen.name) != beside.end();
  }
};

boost::asio::awaitable<std::size_t> History::Implementation::count_events(HistorySegment segment, std::string event,
                                                                          base::MonoTime until) {
  std::size_t count = 0;
  auto reader = co_await segments_.reader(segment);
  if (!reader) co_return count;  // expired meanwhile, or load() has told of it
  EventView seen;
  while (!stopping_ && clock_.mono() < until) {
    co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    auto frame = co_await (*reader)->next();
    if (!frame || !*frame) break;
    for (base::Cursor in((*frame)->payload); take_event(in, seen);)
      if (seen.name == event) ++count;
  }
  co_return count;
}

boost::asio::awaitable<std::shared_ptr<HistoryWalk::State>> History::Implementation::begin_walk(
    std::string event, std::vector<std::string> beside, std::size_t most, base::MonoTime until) {
  co_await write();
  auto state = std::make_shared<HistoryWalk::State>();
  state->event = std::move(event);
  state->beside = std::move(beside);
  state->until = until;
  const auto segments = segments_.all();
  for (auto segment = segments.rbegin(); segment != segments.rend() && state->events < most; ++segment) {
    const auto count = co_await count_events(*segment, state->event, until);
    state->segments.insert(state->segments.begin(), *segment);
    state->events += count;
  }
  state->is_cut_short = clock_.mono() >= until;
  std::ranges::reverse(state->segments);
  state->skip = state->events - std::min(state->events, most);
  state->events -= state->skip;
  co_return state;
}

boost::asio::awaitable<std::vector<HistoryEvent>> History::Implementation::walk_on(
    std::shared_ptr<HistoryWalk::State> state) {
  std::vector<HistoryEvent> events;
  EventView seen;
  while (events.empty() && !stopping_ && clock_.mono() < state->until && (state->reader || !state->segments.empty())) {
    if (!state->reader) {
      auto reader = co_await segments_.reader(state->segments.back());
      state->segments.pop_back();
      if (reader) state->reader = std::move(*reader);
      continue;
    }
    co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    auto frame = co_await state->reader->next();
    if (!frame || !*frame) {
      state->reader.reset();
      continue;
    }
    for (base::Cursor in((*frame)->payload); take_event(in, seen);)
      if (state->wants(seen)) events.push_back(seen.copy());
  }
  co_return events;
}

// ---- the public face

boost::asio::awaitable<std::shared_ptr<HistoryWalk>> History::walk(std::string event, std::vector<std::string> beside,
                                                                   std::size_t most, base::MonoTime until) {
  const auto history = implementation_;
  auto beginning = history->begin_walk(std::move(event), std::move(beside), most, until);
  auto state = co_await boost::asio::co_spawn(history->executor(), std::move(beginning), boost::asio::use_awaitable);
  co_return std::make_shared<HistoryWalk>(history, std::move(state));
}

HistoryWalk::HistoryWalk(std::shared_ptr<History::Implementation> history, std::shared_ptr<State> state)
    : history_(std::move(history)), state_(std::move(state)) {}

// The file is closed where it was opened.
HistoryWalk::~HistoryWalk() {
  boost::asio::post(history_->executor(), [history = history_, state = std::move(state_)] {});
}

std::size_t HistoryWalk::events() const {
  return state_->events;
}

bool HistoryWalk::is_cut_short() const {
  return state_->is_cut_short;
}

boost::asio::awaitable<std::vector<HistoryEvent>> HistoryWalk::next() {
  auto walking = history_->walk_on(state_);
  co_return co_await boost::asio::co_spawn(history_->executor(), std::move(walking), boost::asio::use_awaitable);
}

}  // namespace godwit::state
