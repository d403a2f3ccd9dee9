// SPDX-License-Identifier: Apache-2.0
// Where mail would go, and why some waits: asked by people, nothing is sent or changed.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "dispatcher_implementation.hpp"
#include "godwit/base/text.hpp"
#include "godwit/dispatch/find_ways.hpp"

namespace godwit::dispatch {
namespace {

std::string words_of(const queue::Suspension& suspension, std::string_view what) {
  const auto until = suspension.until == queue::never ? "it is resumed" : base::format_rfc3339(suspension.until);
  return fmt::format("{} suspended until {}{}{}", what, until, suspension.reason.empty() ? "" : ": ",
                     suspension.reason);
}

Waiting waiting_at(const queue::SiteView& site) {
  return {.destination = {},
          .site = site.name,
          .state = std::string(to_string(site.state)),
          .reason = site.reason,
          .next = site.next,
          .id = {},
          .last_reply = {},
          .messages = site.waiting + site.due};
}

}  // namespace

std::string Dispatcher::Implementation::why_waits_at(const std::string& destination, const std::string& site) const {
  const auto& known = queue_.suspensions();
  if (const auto all = known.find(""); all != known.end()) return words_of(all->second, "all delivery is");
  for (const auto& name : {destination, std::string(base::domain_of(destination)), site})
    if (const auto one = known.find(name); one != known.end()) return words_of(one->second, name + " is");
  const auto view = queue_.site(site);
  return view ? view->reason : std::string();
}

boost::asio::awaitable<Ways> Dispatcher::Implementation::ways(smtp::Mailbox address, smtp::ReversePath sender) {
  const auto router = router_;
  const auto policy = policy_;
  Ways ways{.asked = router->complete(std::move(address)), .expansion = {}, .ways = {}};
  auto expanding = router->expand(ways.asked);
  ways.expansion = co_await std::move(expanding);
  const WaySources sources{.resolver = around_.resolver, .random = around_.random, .sts = around_.sts};
  auto finding = find_ways(*router, ways.expansion.recipients, sender, sources);
  ways.ways = co_await std::move(finding);
  for (auto& way : ways.ways) {
    if (leads_nowhere(way.hop)) continue;
    way.site = policy->site_of(way.hop, way.destination);
    way.queued = queue_.site(way.site);
    way.limits = queue_.limits_of(way.site);
    way.messages_per_connection = policy->messages_per_connection(way.site);
    if (way.waits.empty()) way.waits = why_waits_at(way.destination, way.site);
  }
  co_return ways;
}

boost::asio::awaitable<std::vector<Waiting>> Dispatcher::Implementation::why(base::MessageId id) {
  std::vector<Waiting> all;
  auto shown = co_await show(id);
  if (!shown) co_return all;
  for (std::size_t i = 0; i < shown->items.size(); ++i) all.push_back(waiting_of(*shown, i));
  co_return all;
}

Waiting Dispatcher::Implementation::waiting_of(const QueueEntry& entry, std::size_t at) const {
  const auto& item = entry.items[at];
  Waiting waiting{.destination = item.key.destination,
                  .site = {},
                  .state = std::string(to_string(item.state)),
                  .reason = entry.reasons[at],
                  .next = {},
                  .id = entry.id,
                  .last_reply = {},
                  .messages = 1};
  if (item.state == queue::State::waiting) waiting.next = item.next_attempt;
  const auto sites = queue_.sites_of(item.key.destination);
  if (sites.size() == 1) {
    waiting.site = sites.front().name;
    if (item.state == queue::State::due) waiting.next = sites.front().next;
  }
  const auto domain = base::domain_of(item.key.destination);
  for (const auto& recipient : entry.envelope.recipients)
    if (recipient.state == mail::RecipientState::waiting && waiting.last_reply.empty() &&
        recipient.address.domain == domain && destination_of(entry.id, recipient.address) == item.key.destination)
      waiting.last_reply = recipient.last_reply;
  return waiting;
}

boost::asio::awaitable<std::vector<Waiting>> Dispatcher::Implementation::why(std::string destination) {
  std::vector<Waiting> all;
  if (const auto site = queue_.site(destination)) all.push_back(waiting_at(*site));
  const auto sites = queue_.sites_of(destination);
  if (sites.empty()) co_return all;
  // The oldest message speaks for the others of its domain.
  Selector selector;
  (destination.contains('@') ? selector.recipient : selector.destination) = destination;
  const Page page{.limit = 1, .after = {}};
  auto selected = co_await selection_.page(std::move(selector), page);
  if (!selected || selected->ids.empty()) co_return all;
  auto shown = co_await show(selected->ids.front());
  if (!shown) co_return all;
  for (std::size_t i = 0; i < shown->items.size(); ++i) {
    if (shown->items[i].key.destination != destination) continue;
    auto waiting = waiting_of(*shown, i);
    waiting.messages = 0;
    for (const auto& site : queue_.sites_of(destination)) waiting.messages += site.waiting + site.due;
    all.insert(all.begin(), std::move(waiting));
  }
  co_return all;
}

}  // namespace godwit::dispatch
