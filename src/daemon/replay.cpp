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

}  // namespace

boost::asio::awaitable<control::ReplayReport> Replay::run(control::ReplayOrder order, base::MonoTime deadline) {
  order_ = order;
  deadline_ = deadline;
  auto walking = parts_.history.walk("accepted", {"envelope"}, order.last);
  auto accepted = co_await std::move(walking);
  auto walking_too = parts_.refusals.walk("rejected", {}, order.last);
  auto refused = co_await std::move(walking_too);
  progress_.of = accepted->events() + refused->events();
  busy_since_ = parts_.clock.mono();
  co_await replay_all(*accepted);
  co_await replay_all(*refused);
  auto report = comparison_.report();
  report.cut_short = progress_.replayed < progress_.of;
  co_return report;
}

boost::asio::awaitable<void> Replay::replay_all(state::HistoryWalk& walk) {
  for (;;) {
    if (is_over()) co_return;
    auto reading = walk.next();
    const auto events = co_await std::move(reading);
    if (events.empty()) co_return;
    busy_since_ = parts_.clock.mono();
    for (const auto& event : events) {
      if (is_over()) co_return;
      if (event.name == "envelope") {
        envelopes_.remember(event);
        continue;
      }
      co_await replay_one(event);
      ++progress_.replayed;
    }
  }
}

boost::asio::awaitable<void> Replay::replay_one(const state::HistoryEvent& event) {
  auto past = event.name == "accepted" ? envelopes_.complete(event) : past_envelope(event);
  if (!past) {
    comparison_.add_unreadable();
    co_return;
  }
  auto envelope = described(event);
  // One of many recipients comes in pieces, too.
  const auto all = std::move(past->recipients);
  const auto asked = past->asked;
  do {
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
