// SPDX-License-Identifier: Apache-2.0
// What is live, told from the segments' indexes, one segment at a time: the entry says what does not change, the live
// index what updates change.
#include <algorithm>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "core.hpp"
#include "run_on.hpp"
#include "segment_file.hpp"
#include "segment_index.hpp"

namespace godwit::spool {
namespace {

template <class T>
using Awaitable = boost::asio::awaitable<T>;

constexpr std::size_t entries_per_lock = 32;    // commits wait no longer than this takes
constexpr std::size_t summaries_per_turn = 64;  // then the caller's executor does something else

// A gentle listing works for less than half a millisecond, then rests for longer: who waits for a commit meanwhile, on
// a machine without an idle core, hardly notices.  A million messages take about a second.
constexpr std::size_t entries_per_rest = 1024;
constexpr base::Duration rest = std::chrono::microseconds(500);

std::vector<Summary::Destination> waiting_of(const MessageSummary& message, const LiveIndex::Side* side) {
  std::vector<std::uint32_t> counts(message.domains.size());
  std::size_t recipient = 0;
  for (const MessageSummary::Run& run : message.recipients) {
    for (std::uint32_t i = 0; i < run.count; ++i, ++recipient)
      if (side == nullptr || (recipient < side->settled.size() && !side->settled[recipient])) ++counts[run.domain];
  }
  std::vector<Summary::Destination> waiting;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0) waiting.push_back({std::string(message.domains[i]), counts[i]});
  return waiting;
}

Summary summary_of(const Live& live, const MessageSummary& message, const LiveIndex::Side* side) {
  return {.id = live.id,
          .accepted = message.accepted,
          .next_attempt = live.next_attempt,
          .attempts = live.attempts,
          .size = message.body_size,
          .held = live.held,
          .warned = live.warned,
          .bounce = message.bounce,
          .release = message.release,
          .deliver_by = message.deliver_by,
          .priority = message.priority,
          .sender = std::string(message.sender),
          .waiting = waiting_of(message, side)};
}

}  // namespace

Awaitable<base::Result<std::optional<std::string>>> Core::entries_of(std::uint32_t number) {
  // A segment is sealed on disk before the journal leaves it: what is not there is in the file.
  if (auto active = journal_.active_index(number)) co_return std::move(*active);
  const auto state = segment(number);
  if (!state) co_return std::nullopt;
  auto index = co_await read_index(*state->file, state->capacity, state->generation);
  if (!index) co_return std::unexpected(std::move(index.error()));
  if (*index) co_return std::move((*index)->entries);
  const auto bytes = co_await read_all(*state->file, state->capacity);
  if (!bytes) co_return std::unexpected(bytes.error());
  if (!segment(number)) co_return std::nullopt;  // removed meanwhile, and its file may have another life
  co_return make_index(scan_segment(*bytes, state->generation, 0, Tail::proven).records);
}

std::vector<Core::LiveEntry> Core::live_entries(std::uint32_t number, std::span<const IndexEntry> entries) const {
  std::vector<LiveEntry> found;
  found.reserve(entries.size());
  const std::scoped_lock lock(index_mutex_);
  for (const IndexEntry& entry : entries) {
    const Live* live = index_.find(entry.id);
    if (live == nullptr || live->done || live->place.segment != number || live->place.offset != entry.offset) continue;
    const LiveIndex::Side* side = index_.side(entry.id);
    found.push_back({entry, *live, side != nullptr ? std::optional(*side) : std::nullopt});
  }
  return found;
}

Awaitable<base::Result<>> Core::list_segment(std::uint32_t number, Listing listing, std::function<void(Summary)> each) {
  const auto entries = co_await entries_of(number);
  if (!entries) co_return std::unexpected(entries.error());
  if (!*entries) co_return base::Result<>{};
  IndexReader reader(**entries);
  std::vector<IndexEntry> some;
  std::size_t since_rest = 0;
  for (auto entry = reader.next(); entry || !some.empty(); entry = reader.next()) {
    if (entry && entry->type == RecordType::message) some.push_back(*entry);
    if (some.empty() || (entry && some.size() < entries_per_lock)) continue;
    // Most of the work is done without the lock: who takes it again at once hardly lets the committer in between.
    MessageSummary message;
    for (const LiveEntry& one : live_entries(number, some)) {
      if (!decode_summary(one.entry.summary, message)) continue;
      Summary summary = summary_of(one.live, message, one.side ? &*one.side : nullptr);
      if (!summary.waiting.empty()) each(std::move(summary));
    }
    since_rest += some.size();
    some.clear();
    step_back();
    if (listing == Listing::fast || since_rest < entries_per_rest) continue;
    since_rest = 0;
    auto resting = pause(rest);
    co_await std::move(resting);
  }
  co_return base::Result<>{};
}

std::vector<std::uint32_t> Core::all_segments() const {
  std::vector<std::uint32_t> numbers;
  const std::scoped_lock lock(index_mutex_);
  for (const auto& [number, state] : index_.segments().all()) numbers.push_back(number);
  return numbers;
}

Awaitable<base::Result<>> Core::for_each_live(Listing listing, std::function<bool(const Summary&)> each) {
  const auto self = shared_from_this();
  co_await gate_.enter();
  const Gate::Pass pass(gate_);
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto& pool = listing == Listing::gentle ? executors.background : executors.bodies;
  for (const std::uint32_t number : all_segments()) {
    std::vector<Summary> summaries;
    auto task = list_segment(number, listing, [&](Summary one) { summaries.push_back(std::move(one)); });
    auto listed = co_await run_on(pool, std::move(task));
    if (!listed) co_return std::unexpected(std::move(listed.error()));
    std::size_t told = 0;
    for (const Summary& summary : summaries) {
      if (!each(summary)) co_return base::Result<>{};
      if (++told % summaries_per_turn == 0) co_await boost::asio::post(executor, boost::asio::use_awaitable);
    }
    // To free so many strings takes milliseconds, too.
    boost::asio::post(pool, [all = std::move(summaries)] {});
  }
  co_return base::Result<>{};
}

Awaitable<base::Result<std::vector<base::MessageId>>> Core::find_live(std::function<bool(const Summary&)> means) {
  const auto self = shared_from_this();
  co_await gate_.enter();
  const Gate::Pass pass(gate_);
  auto task = find_in(all_segments(), std::move(means));
  co_return co_await run_on(executors.background, std::move(task));
}

Awaitable<base::Result<std::vector<base::MessageId>>> Core::find_in(std::vector<std::uint32_t> segments,
                                                                    std::function<bool(const Summary&)> means) {
  std::vector<base::MessageId> found;
  for (const std::uint32_t number : segments) {
    auto task = list_segment(number, Listing::gentle, [&](const Summary& one) {
      if (means(one)) found.push_back(one.id);
    });
    auto listed = co_await std::move(task);
    if (!listed) co_return std::unexpected(std::move(listed.error()));
  }
  std::ranges::sort(found);
  co_return found;
}

}  // namespace godwit::spool
