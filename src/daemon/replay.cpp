// SPDX-License-Identifier: Apache-2.0
#include "replay.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "assumed_dns.hpp"

namespace godwit::daemon {
namespace {

constexpr base::Duration replay_piece = std::chrono::microseconds(500);
constexpr base::Duration replay_rest = std::chrono::microseconds(1000);
constexpr std::size_t recipients_at_once = 16;

control::ReplayedEnvelope described(const state::HistoryEvent& event) {
  return {.id = std::string(event.text("id")),
          .time = event.time,
          .client = std::string(event.text("client")),
          .from = std::string(event.text("from")),
          .recipients = {}};
}

// Keeps the walk while it reads.
boost::asio::awaitable<std::vector<state::HistoryEvent>> next_of(std::shared_ptr<state::HistoryWalk> walk) {
  auto reading = walk->next();
  co_return co_await std::move(reading);
}

}  // namespace

boost::asio::awaitable<control::ReplayReport> Replay::run(control::ReplayOrder order, Replayed which,
                                                          base::MonoTime deadline) {
  order_ = order;
  deadline_ = deadline;
  auto beginning = begin(parts_.history, "accepted", {"envelope"});
  const auto accepted = co_await std::move(beginning);
  Walk refused;
  if (which == Replayed::accepted_and_refused) {
    auto beginning_too = begin(parts_.refusals, "rejected", {});
    refused = co_await std::move(beginning_too);
  }
  co_await replay_all(accepted);
  co_await replay_all(refused);
  auto report = comparison_.report();
  report.cut_short = is_cut_short_ || progress_.replayed < progress_.of;
  co_return report;
}

boost::asio::awaitable<Replay::Walk> Replay::begin(state::History& history, std::string event,
                                                   std::vector<std::string> beside) {
  auto walking = history.walk(std::move(event), std::move(beside), order_.last, deadline_);
  auto waiting = wait_within(parts_.place, std::move(walking), deadline_);
  const auto walk = co_await std::move(waiting);
  is_cut_short_ = is_cut_short_ || !walk || (*walk)->is_cut_short();
  if (!walk) co_return Walk();
  progress_.of += (*walk)->events();
  co_return *walk;
}

boost::asio::awaitable<void> Replay::replay_all(Walk walk) {
  while (walk != nullptr) {
    if (is_over()) co_return;
    auto waiting = wait_within(parts_.place, next_of(walk), deadline_);
    const auto events = co_await std::move(waiting);
    if (!events || events->empty()) co_return;
    busy_since_ = parts_.clock.mono();
    for (const auto& event : *events) {
      if (is_over()) co_return;
      if (event.name == "envelope") {
        envelopes_.remember(event);
        continue;
      }
      co_await replay_one(event);
    }
  }
}

boost::asio::awaitable<void> Replay::replay_one(const state::HistoryEvent& event) {
  auto past = event.name == "accepted" ? envelopes_.complete(event) : past_envelope(event);
  if (!past) {
    comparison_.add_unreadable();
    ++progress_.replayed;
    co_return;
  }
  auto envelope = described(event);
  // One of many recipients comes in pieces, too.
  const auto all = std::move(past->recipients);
  const auto asked = past->asked;
  do {
    if (is_over()) co_return;  // half of it says nothing
    const auto first = past->before;
    const auto end = std::min(all.size(), first + recipients_at_once);
    past->recipients.assign(all.begin() + static_cast<std::ptrdiff_t>(first),
                            all.begin() + static_cast<std::ptrdiff_t>(end));
    past->asked = end == all.size() ? asked : end;
    auto judging = judged(*past);
    auto some = co_await std::move(judging);
    std::ranges::move(some, std::back_inserter(envelope.recipients));
    past->before = end;
    co_await rest_if_due();
  } while (past->before < all.size());
  comparison_.add(envelope);
  ++progress_.replayed;
}

boost::asio::awaitable<std::vector<control::ReplayedRecipient>> Replay::judged(server::PastEnvelope envelope) {
  AssumedDns assumed;
  const auto words = order_.dns ? WayWords::with_dns : WayWords::without_dns;
  const dispatch::WaySources sources{.resolver = order_.dns ? parts_.resolver : assumed, .random = parts_.random};
  auto asking = replay_verdicts(before_, envelope, sources, words);
  auto before = co_await std::move(asking);
  auto asking_too = replay_verdicts(after_, envelope, sources, words);
  auto after = co_await std::move(asking_too);
  std::vector<control::ReplayedRecipient> judged;
  for (std::size_t i = 0; i < before.size() && i < after.size(); ++i) {
    const auto& to = envelope.recipients;
    judged.push_back({.address = i < to.size() ? "<" + smtp::to_string(to[i]) + ">" : std::string(),
                      .before = std::move(before[i]),
                      .after = std::move(after[i])});
  }
  co_return judged;
}

boost::asio::awaitable<void> Replay::rest_if_due() {
  const auto now = parts_.clock.mono();
  if (now - busy_since_ < replay_piece) co_return;
  // Errors: the reactor stops, and so does this.
  static_cast<void>(co_await parts_.network.sleep_until(now + replay_rest));
  busy_since_ = parts_.clock.mono();
}

}  // namespace godwit::daemon
