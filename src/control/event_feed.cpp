// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/event_feed.hpp"

#include <utility>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "godwit/log/line.hpp"

namespace godwit::control {

// ---- any thread
// -----------------------------------------------------------------------------------------------------

void EventFeed::add(log::Level level, std::string_view event, std::span<const log::Field> fields) {
  if (listeners_.load(std::memory_order_relaxed) == 0 || fields.empty() || fields.front().name != "id") return;
  if (on_the_way_.fetch_add(1, std::memory_order_relaxed) >= most_on_the_way) {
    on_the_way_.fetch_sub(1, std::memory_order_relaxed);
    lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  boost::asio::post(home_, [this, event = std::string(event),
                            json = log::json_line(clock_.wall(), level, event, fields)] { spread(event, json); });
}

// ---- the home reactor
// -----------------------------------------------------------------------------------------------

void EventFeed::spread(const std::string& event, const std::string& json) {
  on_the_way_.fetch_sub(1, std::memory_order_relaxed);
  const auto lost = lost_.exchange(0, std::memory_order_relaxed);
  for (auto* subscription : subscriptions_) {
    if (lost > 0) subscription->lose(lost);
    subscription->add(event, json);
  }
}

std::shared_ptr<EventFeed::Subscription> EventFeed::subscribe(std::string event) {
  if (subscriptions_.size() >= most_listeners) return nullptr;
  return std::make_shared<Subscription>(*this, std::move(event));
}

EventFeed::Subscription::Subscription(EventFeed& feed, std::string event)
    : feed_(feed),
      event_(std::move(event)),
      place_(feed.subscriptions_.insert(feed.subscriptions_.end(), this)),
      arrived_(feed.home_, feed.deadlines_) {
  feed_.listeners_ = feed_.subscriptions_.size();
}

EventFeed::Subscription::~Subscription() {
  feed_.subscriptions_.erase(place_);
  feed_.listeners_ = feed_.subscriptions_.size();
}

// A JSON line has no line end, so it is one field of the event.
void EventFeed::Subscription::add(std::string_view event, const std::string& json) {
  if (!event_.empty() && event != event_) return;
  auto sent = fmt::format("event: {}\ndata: {}\n\n", event, json);
  if (waiting_.size() >= most_waiting || waiting_bytes_ + sent.size() > most_waiting_bytes) return lose(1);
  waiting_bytes_ += sent.size();
  waiting_.push_back(std::move(sent));
  arrived_.notify();
}

void EventFeed::Subscription::lose(std::uint64_t count) {
  lost_ += count;
  arrived_.notify();
}

boost::asio::awaitable<base::Result<std::string>> EventFeed::Subscription::next(base::MonoTime deadline) {
  while (waiting_.empty() && lost_ == 0) {
    auto woken = co_await arrived_.wait(deadline);
    if (!woken) co_return std::unexpected(woken.error());
  }
  // What was lost came after what waits here: the newest give way.
  std::string all;
  all.reserve(waiting_bytes_);
  for (const auto& one : std::exchange(waiting_, {})) all += one;
  waiting_bytes_ = 0;
  if (const auto lost = std::exchange(lost_, 0); lost > 0)
    all += fmt::format("event: lost\ndata: {{\"count\":{}}}\n\n", lost);
  co_return all;
}

}  // namespace godwit::control
