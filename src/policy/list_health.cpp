// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/list_health.hpp"

#include <algorithm>
#include <utility>

namespace godwit::policy {
namespace {

std::string reason_of(ListState state) {
  switch (state) {
    case ListState::lists_everything:
      return "it lists everything, also its test point that must not be listed";
    case ListState::lists_nothing:
      return "it does not list its test point: the zone is no list any more";
    case ListState::unreachable:
      return "it does not answer";
    case ListState::refuses:
    case ListState::untested:
    case ListState::good:
      break;
  }
  return {};
}

}  // namespace

std::string_view to_string(ListState state) {
  switch (state) {
    case ListState::good:
      return "good";
    case ListState::lists_everything:
      return "lists_everything";
    case ListState::lists_nothing:
      return "lists_nothing";
    case ListState::refuses:
      return "refuses";
    case ListState::unreachable:
      return "unreachable";
    case ListState::untested:
      break;
  }
  return "untested";
}

ListState ListHealth::state(const std::string& zone) const {
  const std::lock_guard lock(mutex_);
  const auto found = lists_.find(zone);
  return found == lists_.end() ? ListState::untested : found->second.state;
}

bool ListHealth::is_due(const std::string& zone, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  auto& known = lists_[zone];
  if (known.state == ListState::untested) return true;
  const auto interval = known.state == ListState::good ? test_interval : retry_interval;
  if (now - known.tested < interval) return false;
  known.tested = now;
  return true;
}

void ListHealth::tested(const std::string& zone, ListState found, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  auto& known = lists_[zone];
  known.tested = now;
  if (found == ListState::unreachable && known.state != ListState::untested) return;
  known.failures = 0;
  change(zone, known, found, reason_of(found));
}

void ListHealth::answered(const std::string& zone) {
  const std::lock_guard lock(mutex_);
  lists_[zone].failures = 0;
}

void ListHealth::failed(const std::string& zone, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  auto& known = lists_[zone];
  if (++known.failures < most_failures || known.state != ListState::good) return;
  known.tested = now;
  change(zone, known, ListState::unreachable, reason_of(ListState::unreachable));
}

void ListHealth::refused(const std::string& zone, const std::string& answer, base::MonoTime now) {
  const std::lock_guard lock(mutex_);
  auto& known = lists_[zone];
  known.tested = now;
  change(zone, known, ListState::refuses,
         "it answers " + answer + ", which is no entry: it may refuse questions of this resolver");
}

// Said once, when it changes.
void ListHealth::change(const std::string& zone, Known& known, ListState state, std::string reason) {
  const auto before = std::exchange(known.state, state);
  known.reason = std::move(reason);
  if (before == state) return;
  if (state != ListState::good)
    log_.warn("list_switched_off", {{"list", zone}, {"state", to_string(state)}, {"reason", known.reason}});
  else if (before != ListState::untested)
    log_.info("list_switched_on", {{"list", zone}});
}

std::vector<ListHealth::Report> ListHealth::report() const {
  const std::lock_guard lock(mutex_);
  std::vector<Report> all;
  all.reserve(lists_.size());
  for (const auto& [zone, known] : lists_) all.push_back({.zone = zone, .state = known.state, .reason = known.reason});
  return all;
}

void ListHealth::keep_only(const std::vector<std::string>& zones) {
  const std::lock_guard lock(mutex_);
  std::erase_if(lists_, [&](const auto& list) { return std::ranges::find(zones, list.first) == zones.end(); });
  for (const auto& zone : zones) lists_[zone];
}

}  // namespace godwit::policy
