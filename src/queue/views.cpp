// SPDX-License-Identifier: Apache-2.0
// Answers to who asks, in words where a human does.
#include <algorithm>

#include <fmt/format.h>

#include "implementation.hpp"

namespace godwit::queue {

std::string_view to_string(State state) {
  switch (state) {
    case State::waiting:
      return "waiting";
    case State::due:
      return "due";
    case State::active:
      return "active";
    case State::held:
      return "held";
  }
  return "unknown";
}

std::string_view to_string(SiteView::State state) {
  switch (state) {
    case SiteView::State::idle:
      return "idle";
    case SiteView::State::flowing:
      return "flowing";
    case SiteView::State::full:
      return "full";
    case SiteView::State::rate:
      return "rate";
    case SiteView::State::down:
      return "down";
    case SiteView::State::suspended:
      return "suspended";
  }
  return "unknown";
}

namespace {

std::string describe(const Suspension& suspension) {
  const auto until = suspension.until == never ? "resumed" : base::format_rfc3339(suspension.until);
  return fmt::format("suspended until {}{}{}", until, suspension.reason.empty() ? "" : ": ", suspension.reason);
}

}  // namespace

Item Queue::Implementation::item_of(Index index) const {
  const Record& record = records_[index];
  const auto& [domain, via] = groups_[record.group].name->first;
  return {.key = {record.id, domain},
          .via = via,
          .accepted = base::WallTime(std::chrono::seconds(record.accepted)),
          .next_attempt = record.next_attempt,
          .deadline = record.deadline,
          .attempts = record.attempts,
          .sender = record.sender,
          .size = record.size,
          .state = record.state,
          .released = record.released,
          .to_be_held = record.hold_when_finished};
}

const Item* Queue::Implementation::find(const Key& key) const {
  const Index index = index_of(key);
  if (index == no_index) return nullptr;
  found_ = item_of(index);
  return &found_;
}

std::vector<Key> Queue::Implementation::keys_of(base::MessageId id) const {
  std::vector<Key> keys;
  by_id_.for_each_from(id, "", [&](base::MessageId each, Index index) {
    if (each == id) keys.push_back({id, domain_of(index)});
    return each == id;
  });
  return keys;
}

bool Queue::Implementation::contains(base::MessageId id) const {
  bool found = false;
  by_id_.for_each_from(id, "", [&](base::MessageId each, Index) {
    found = each == id;
    return false;
  });
  return found;
}

Counts Queue::Implementation::counts() const {
  return {.items = by_id_.size(),
          .waiting = count(State::waiting),
          .due = count(State::due),
          .active = count(State::active),
          .held = count(State::held),
          .destinations = groups_.size(),
          .sites = sites_.size()};
}

void Queue::Implementation::for_each(const std::function<bool(const Item&)>& each, base::MessageId after) const {
  by_id_.for_each_from({after.value + 1}, "", [&](base::MessageId, Index index) { return each(item_of(index)); });
}

// ---- sites
// ----------------------------------------------------------------------------------------------------------------

SiteView::State Queue::Implementation::state_of(const Site& site) const {
  using S = SiteView::State;
  const Limit& limit = site.limit;
  if (site.suspended || all_suspended_) return S::suspended;
  if (limit.down()) return S::down;
  if (site.turns.empty()) return limit.active() > 0 ? S::flowing : S::idle;
  if (limit.active() >= limit.window()) return S::full;
  return limit.rate_at() > now_ ? S::rate : S::flowing;
}

// Why nothing (more) starts there; empty: something will.
std::string Queue::Implementation::why_site_waits(const Site& site) const {
  const Limit& limit = site.limit;
  switch (state_of(site)) {
    case SiteView::State::suspended:
      return describe(*suspension_of(all_suspended_ ? std::string_view() : std::string_view(site.name->first)));
    case SiteView::State::down:
      if (limit.probing()) return fmt::format("down: {}; being probed", limit.reply());
      return fmt::format("down: {}; next probe at {}", limit.reply(), base::format_rfc3339(limit.next_probe()));
    case SiteView::State::full:
      return fmt::format("limit of connections ({} of {})", limit.active(), limit.window());
    case SiteView::State::rate:
      return fmt::format("rate ({}), next at {}", base::to_string(limit.settings().rate),
                         base::format_rfc3339(limit.rate_at()));
    case SiteView::State::idle:
    case SiteView::State::flowing:
      return {};
  }
  return {};
}

std::string Queue::Implementation::why_due_waits(Index index) const {
  const Group& group = groups_[index];
  if (group.suspended) return describe(*suspension_of(group.name->first.first));
  const Site& site = sites_[group.site];
  auto why = why_site_waits(site);
  if (!why.empty()) return why;
  if (!shares_.has_slot(site.share)) return shares_.why_full(site.share);
  return "waits for its turn";
}

std::string Queue::Implementation::reason(const Key& key) const {
  const Index index = index_of(key);
  if (index == no_index) return {};
  const Record& record = records_[index];
  switch (record.state) {
    case State::waiting:
      return record.stalled ? why_site_waits(sites_[groups_[record.group].site]) : "waits for its retry time";
    case State::due:
      return why_due_waits(record.group);
    case State::active:
      return "in delivery";
    case State::held:
      return record.by_rule ? "held by a rule" : "held by the administrator";
  }
  return {};
}

SiteView Queue::Implementation::view_of(Index index) const {
  const Site& site = sites_[index];
  SiteView view{.name = site.name->first,
                .domains = {},
                .connections = site.limit.active(),
                .window = site.limit.window(),
                .limits = site.limit.settings(),
                .state = state_of(site),
                .reason = why_site_waits(site)};
  for (Index at = site.groups.first; at != no_index; at = groups_[at].links.next) {
    const Group& group = groups_[at];
    if (view.domains.size() < max_domains_shown) view.domains.push_back(group.name->first.first);
    ++view.domain_count;
    view.waiting += group.counts[static_cast<std::size_t>(State::waiting)];
    view.due += group.counts[static_cast<std::size_t>(State::due)];
    view.active += group.counts[static_cast<std::size_t>(State::active)];
    view.held += group.counts[static_cast<std::size_t>(State::held)];
  }
  if (view.state == SiteView::State::down) view.next = site.limit.next_probe();
  if (view.state == SiteView::State::rate) view.next = site.limit.rate_at();
  return view;
}

std::optional<SiteView> Queue::Implementation::site(std::string_view name) const {
  const auto found = site_names_.find(name);
  if (found == site_names_.end()) return {};
  return view_of(found->second);
}

std::vector<SiteView> Queue::Implementation::sites_of(std::string_view domain) const {
  std::vector<SiteView> views;
  std::vector<Index> seen;
  const auto first = group_names_.lower_bound(std::pair(std::string(domain), std::string()));
  for (auto at = first; at != group_names_.end() && at->first.first == domain; ++at) {
    const Index index = groups_[at->second].site;
    if (index == no_index || std::ranges::find(seen, index) != seen.end()) continue;
    seen.push_back(index);
    views.push_back(view_of(index));
  }
  return views;
}

void Queue::Implementation::for_each_site(const std::function<bool(const SiteView&)>& each,
                                          std::string_view after) const {
  for (auto at = site_names_.upper_bound(after); at != site_names_.end(); ++at)
    if (!each(view_of(at->second))) return;
}

}  // namespace godwit::queue
