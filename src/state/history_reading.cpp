// SPDX-License-Identifier: Apache-2.0
// Who asks the history.  Between two frames others run: what comes in is written meanwhile.
#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "history_implementation.hpp"

namespace godwit::state {
namespace {

// A delivery may be over before who took the message has said so.
void put_acceptance_first(std::vector<HistoryEvent>& events) {
  const auto accepted = std::ranges::find(events, "accepted", &HistoryEvent::name);
  if (accepted == events.end()) return;
  const auto begun = std::ranges::find_if(
      events.begin(), accepted, [](const auto& event) { return event.name != "checked" && event.name != "envelope"; });
  std::rotate(begun, accepted, accepted + 1);
}

}  // namespace

// ---- one message

boost::asio::awaitable<base::Result<std::vector<HistoryEvent>>> History::Implementation::of(base::MessageId id) {
  co_await write();
  std::vector<HistoryEvent> events;
  for (const auto& segment : segments_.all()) {
    if (!segment.head.may_have(id)) continue;
    auto read = co_await read_of(segment, id, events);
    // What can be told is told.
    if (!read && read.error().kind != base::ErrorKind::not_found)
      log_.warn("history_damaged", {{"segment", segment.number}, {"reason", read.error().message}});
  }
  put_acceptance_first(events);
  co_return events;
}

boost::asio::awaitable<base::Result<>> History::Implementation::read_of(HistorySegment segment, base::MessageId id,
                                                                        std::vector<HistoryEvent>& into) {
  auto frames = co_await segments_.frames_of(segment, id);
  if (!frames) co_return std::unexpected(frames.error());
  if (frames->empty()) co_return base::Result<>();
  auto reader = co_await segments_.reader(segment);
  if (!reader) co_return std::unexpected(reader.error());
  EventView event;
  for (const auto offset : *frames) {
    co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    auto payload = co_await (*reader)->at(offset);
    if (!payload) co_return std::unexpected(payload.error());
    for (base::Cursor in(*payload); take_event(in, event);)
      if (event.is_of(id)) into.push_back(event.copy());
    if (into.size() > most_events) into.erase(into.begin(), into.end() - static_cast<std::ptrdiff_t>(most_events));
  }
  co_return base::Result<>();
}

// ---- many

struct History::Implementation::Search {
  HistoryMatcher matcher;
  HistoryQuery query;
  std::vector<TermPattern> patterns;
  base::MonoTime until{};
  HistoryFound found{};
  std::set<base::MessageId> seen{};
  base::WallTime back_to = base::WallTime::max();  // the oldest event that was read

  bool is_full() const { return found.matches.size() >= query.limit; }
  bool may_mean(base::WallTime first, base::WallTime last) const {
    return (!query.since || last >= *query.since) && (!query.until || first <= *query.until);
  }
};

bool History::Implementation::is_over(const Search& search) const {
  return stopping_ || clock_.mono() >= search.until;
}

boost::asio::awaitable<base::Result<HistoryFound>> History::Implementation::search(HistoryQuery query,
                                                                                   base::MonoTime until) {
  if (searches_ >= most_searches)
    co_return base::fail(base::ErrorKind::exhausted, "too many searches at once; try again");
  co_await write();
  struct Counted {
    std::size_t& count;
    ~Counted() { --count; }
  } const counted{++searches_};
  Search search{.matcher = HistoryMatcher(query), .query = query, .patterns = patterns_of(query), .until = until};
  auto segments = segments_.all();
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    if (!search.may_mean(segment->head.first, segment->head.last)) continue;
    const bool whole = co_await search_in(*segment, search);
    if (whole && !search.is_full()) continue;
    search.found.searched_back_to =
        search.is_full() ? search.found.matches.back().event.time : std::min(search.back_to, segment->head.last);
    break;
  }
  co_return std::move(search.found);
}

// What is not indexed yet is the newest.
boost::asio::awaitable<bool> History::Implementation::search_in(HistorySegment segment, Search& search) {
  auto reader = co_await segments_.reader(segment);
  if (!reader) co_return true;  // expired meanwhile, or load() has told of it
  const auto parts = lookup_.parts_of(segment.number);
  const auto indexed = parts.empty() ? FrameReader::first_frame : parts.front().end;
  if (indexed < segment.size) {
    const bool whole = co_await search_between(**reader, segment, indexed, segment.size, search);
    if (!whole) co_return false;
  }
  for (const auto& part : parts) {
    if (search.is_full()) co_return true;
    if (!search.may_mean(part.first, part.last)) continue;
    co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    if (is_over(search)) co_return false;
    const auto meant = lookup_.frames(part, search.patterns);
    bool whole = true;
    if (meant)
      whole = co_await search_frames(**reader, *meant, search);
    else
      whole = co_await search_between(**reader, segment, part.begin, part.end, search);
    if (!whole) co_return false;
  }
  co_return true;
}

boost::asio::awaitable<bool> History::Implementation::search_between(FrameReader& reader, HistorySegment segment,
                                                                     std::uint64_t begin, std::uint64_t end,
                                                                     Search& search) {
  auto frames = co_await segments_.frames_from(segment, begin);
  if (!frames) co_return true;
  std::erase_if(*frames, [end](std::uint32_t frame) { return frame >= end; });
  co_return co_await search_frames(reader, *frames, search);
}

boost::asio::awaitable<bool> History::Implementation::search_frames(FrameReader& reader,
                                                                    const std::vector<std::uint32_t>& frames,
                                                                    Search& search) {
  for (auto frame = frames.rbegin(); frame != frames.rend() && !search.is_full(); ++frame) {
    co_await boost::asio::post(executor_, boost::asio::use_awaitable);
    if (is_over(search)) co_return false;
    auto payload = co_await reader.at(*frame);
    if (!payload) continue;  // what is damaged is passed over
    auto found = matches_in(*payload, search);
    co_await take(std::move(found), search);
  }
  co_return true;
}

// Of each message the newest event, the newest first.
std::vector<HistoryMatch> History::Implementation::matches_in(std::string_view payload, Search& search) {
  std::unordered_map<base::MessageId, HistoryEvent> newest;
  EventView event;
  for (base::Cursor in(payload); take_event(in, event);) {
    search.back_to = std::min(search.back_to, event.time);
    if (!search.matcher.finds(event)) continue;
    const auto id = event.ids.all[0];
    if (!search.seen.contains(id)) newest.insert_or_assign(id, event.copy());
  }
  std::vector<HistoryMatch> found;
  found.reserve(newest.size());
  for (auto& [id, match] : newest) found.push_back({.id = id, .event = std::move(match)});
  std::ranges::sort(found, std::ranges::greater(),
                    [](const HistoryMatch& match) { return std::pair(match.event.time, match.id); });
  return found;
}

boost::asio::awaitable<void> History::Implementation::take(std::vector<HistoryMatch> found, Search& search) {
  for (auto& match : found) {
    if (search.is_full()) co_return;
    search.seen.insert(match.id);
    if (search.matcher.by_header()) {
      auto events = co_await of(match.id);
      const auto* meant = events ? search.matcher.means(*events) : nullptr;
      if (meant == nullptr) continue;
      match.event = *meant;
    }
    search.found.matches.push_back(std::move(match));
  }
}

}  // namespace godwit::state
