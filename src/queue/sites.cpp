// SPDX-License-Identifier: Apache-2.0
// Groups, sites and suspensions: what comes and goes with the items, and which sites may start something.
#include <algorithm>

#include "godwit/base/text.hpp"
#include "godwit/queue/site_rules.hpp"
#include "implementation.hpp"

namespace godwit::queue {
namespace {

// A site without items is remembered for a while, if its limit has learnt something.
constexpr base::Duration linger = std::chrono::minutes(10);
constexpr std::size_t most_lingering = 10'000;

}  // namespace

LimitSettings limits_of(const Settings& settings, std::string_view site) {
  for (const auto& rule : settings.sites)
    if (base::matches_pattern(rule.pattern, site)) return rule.limits;
  return {.connections = settings.connections_per_destination, .rate = {}, .adaptive = true};
}

LimitSettings Queue::Implementation::limits_of(std::string_view site) const {
  return queue::limits_of(settings_, site);
}

// ---- groups
// ---------------------------------------------------------------------------------------------------------------

Index Queue::Implementation::intern_group(std::string_view domain, std::string_view via) {
  const auto [at, added] = group_names_.try_emplace({std::string(domain), std::string(via)}, no_index);
  if (!added) return at->second;
  at->second = groups_.insert({.name = at});
  Group& group = groups_[at->second];
  group.suspended = is_suspended(domain);
  group.site = intern_site(via.empty() ? domain : via);
  if (!via.empty()) sites_[group.site].routed = true;
  push_back(groups_, sites_[group.site].groups, at->second);
  return at->second;
}

void Queue::Implementation::drop_group_if_empty(Index index) {
  Group& group = groups_[index];
  if (group.items() > 0) return;
  const Index site = group.site;
  unlink(groups_, sites_[site].groups, index);
  group_names_.erase(group.name);
  groups_.erase(index);
  drop_site_if_unused(site);
}

void Queue::Implementation::move_group(Index index, Index site) {
  Group& group = groups_[index];
  const Index former = group.site;
  turns_.detach(index);
  unlink(groups_, sites_[former].groups, index);
  group.site = site;
  push_back(groups_, sites_[site].groups, index);
  if (!group.suspended) turns_.attach(index);
  // What stalled with the former site has nothing to wait for there.
  while (!group.stalled.empty()) move(group.stalled.first, State::due);
  refresh(former);
  refresh(site);
  drop_site_if_unused(former);
}

// Requires: the item is active.
void Queue::Implementation::move_item(Index index, std::string_view via) {
  Record& record = records_[index];
  const Index former = record.group;
  if (groups_[former].name->first.second == via) return;
  const std::string domain = domain_of(index);
  record.group = intern_group(domain, via);
  --count_in(former, State::active);
  ++count_in(record.group, State::active);
  drop_group_if_empty(former);
}

// ---- sites
// ----------------------------------------------------------------------------------------------------------------

Index Queue::Implementation::intern_site(std::string_view name) {
  if (const auto found = site_names_.find(name); found != site_names_.end()) {
    const Index index = found->second;
    if (sites_[index].place == Site::Place::lingering) place(index, Site::Place::nowhere);
    return index;
  }
  const auto at = site_names_.emplace(std::string(name), no_index).first;
  at->second = sites_.insert({});
  Site& site = sites_[at->second];
  site.name = at;
  site.number = created_++;
  site.limit.configure(limits_of(name));
  site.share = share_of(site);
  site.suspended = is_suspended(name);
  return at->second;
}

void Queue::Implementation::drop_site_if_unused(Index index) {
  Site& site = sites_[index];
  if (!site.groups.empty() || site.limit.active() > 0 || site.place == Site::Place::lingering) return;
  if (!site.limit.is_fresh(now_) && lingering_ < most_lingering) {
    place(index, Site::Place::lingering, now_ + linger);
    return;
  }
  erase_site(index);
}

void Queue::Implementation::erase_site(Index index) {
  place(index, Site::Place::nowhere);
  site_names_.erase(sites_[index].name);
  sites_.erase(index);
}

// The one place where a site enters and leaves the ring and the timers.
void Queue::Implementation::place(Index index, Site::Place wanted, base::WallTime wake) {
  Site& site = sites_[index];
  using Place = Site::Place;
  if (site.place == Place::ready) unlink(sites_, ring_of(site.share), index);
  if (site.position != no_index) site_timers_.erase(sites_, index);
  if (site.place == Place::lingering) --lingering_;
  site.place = wanted;
  if (wanted == Place::ready) push_back(sites_, ring_of(site.share), index);
  if (wanted == Place::sleeping || wanted == Place::lingering) site_timers_.push(sites_, index, wake);
  if (wanted == Place::lingering) ++lingering_;
}

Share Queue::Implementation::share_of(const Site& site) const {
  if (site.limit.settings().local) return Share::local;
  if (!site.routed) return site.hangs ? Share::hanging : Share::routing;
  return site.limit.proven() ? Share::proven : Share::unproven;
}

void Queue::Implementation::choose_share(Index index) {
  Site& site = sites_[index];
  const Share share = share_of(site);
  if (share == site.share) return;
  shares_.subtract(site.share, site.limit.active(), site.bytes);
  shares_.add(share, site.limit.active(), site.bytes);
  const bool ready = site.place == Site::Place::ready;
  if (ready) unlink(sites_, ring_of(site.share), index);
  site.share = share;
  if (ready) push_back(sites_, ring_of(share), index);
}

// The rings hold exactly the sites that have something due and may start it.
void Queue::Implementation::refresh(Index index) {
  choose_share(index);
  Site& site = sites_[index];
  using Place = Site::Place;
  if (site.place == Place::lingering) return;
  Place wanted = Place::nowhere;
  base::WallTime wake{};
  const auto at = site.limit.ready_at();
  if (!site.turns.empty() && !site.suspended && at) {
    wanted = *at <= now_ ? Place::ready : Place::sleeping;
    wake = *at;
  }
  const bool same_timer =
      wanted == Place::sleeping && site.place == wanted && site_timers_.key_of(sites_, index) == wake;
  if (site.place == wanted && (wanted != Place::sleeping || same_timer)) return;
  place(index, wanted, wake);
}

void Queue::Implementation::change_settings(const Settings& settings, base::WallTime now) {
  see(now);
  settings_ = settings;
  shares_.configure(settings);
  for (const auto& [name, index] : site_names_) {
    sites_[index].limit.configure(limits_of(name));
    refresh(index);
  }
}

// ---- suspensions
// ----------------------------------------------------------------------------------------------------------

const Suspension* Queue::Implementation::suspension_of(std::string_view name) const {
  auto found = suspensions_.find(name);
  if (found == suspensions_.end() && name.contains('@')) found = suspensions_.find(base::domain_of(name));
  return found == suspensions_.end() ? nullptr : &found->second;
}

void Queue::Implementation::suspend_group(Index index, bool suspended) {
  Group& group = groups_[index];
  if (group.suspended == suspended) return;
  group.suspended = suspended;
  if (suspended)
    turns_.detach(index);
  else
    turns_.attach(index);
  refresh(group.site);
}

void Queue::Implementation::apply_suspensions() {
  all_suspended_ = is_suspended("");
  suspension_ends_ = never;
  for (const auto& [name, suspension] : suspensions_) suspension_ends_ = std::min(suspension_ends_, suspension.until);
  for (const auto& [name, index] : group_names_) suspend_group(index, is_suspended(name.first));
  for (const auto& [name, index] : site_names_) {
    sites_[index].suspended = is_suspended(name);
    refresh(index);
  }
}

void Queue::Implementation::suspend(const std::string& name, const Suspension& suspension, base::WallTime now) {
  see(now);
  suspensions_[name] = suspension;
  apply_suspensions();
}

bool Queue::Implementation::resume(const std::string& name, base::WallTime now) {
  see(now);
  if (suspensions_.erase(name) == 0) return false;
  apply_suspensions();
  return true;
}

void Queue::Implementation::expire_suspensions() {
  std::erase_if(suspensions_, [&](const auto& entry) { return entry.second.until <= now_; });
  apply_suspensions();
}

}  // namespace godwit::queue
