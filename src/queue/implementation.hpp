// SPDX-License-Identifier: Apache-2.0
// The queue's inside; see include/godwit/queue/queue.hpp.  items.cpp: the states of items; grants.cpp: what may start;
// sites.cpp: groups, sites, suspensions; clock.cpp: the clock is set; views.cpp: who asks; check.cpp: the invariants.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "chunked_vector.hpp"
#include "godwit/queue/queue.hpp"
#include "id_index.hpp"
#include "records.hpp"
#include "turns.hpp"

namespace godwit::queue {

class Queue::Implementation {
 public:
  explicit Implementation(const Settings& settings)
      : settings_(settings), shares_(settings), turns_(records_, groups_, sites_), by_id_(NameOf{this}) {}
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  // items.cpp
  bool add(const Item& item);
  void reschedule(const Key& key, const Next& next);
  void remove(const Key& key);
  void hold(const Key& key, HoldBy by);
  void release(const Key& key);
  std::size_t release_rule_held();
  bool retry_now(const Key& key, base::WallTime now);

  // grants.cpp
  Due due(base::WallTime now);
  std::optional<Grant> assign(const Key& key, const Grant& grant, std::string_view via, std::string_view site,
                              base::WallTime now);
  void ended(const Grant& grant, const SiteReport& report, base::WallTime now);
  bool join(const Key& key, const Grant& grant);
  void give_back(const Key& key);
  void lookup_hangs(const Grant& grant);

  // sites.cpp
  void change_settings(const Settings& settings, base::WallTime now);
  void suspend(const std::string& name, const Suspension& suspension, base::WallTime now);
  bool resume(const std::string& name, base::WallTime now);

  // clock.cpp
  void clock_jumped(base::Duration by, base::WallTime now);

  // views.cpp
  const std::map<std::string, Suspension, std::less<>>& suspensions() const { return suspensions_; }
  const Item* find(const Key& key) const;
  std::vector<Key> keys_of(base::MessageId id) const;
  bool contains(base::MessageId id) const;
  bool contains(const Key& key) const { return index_of(key) != no_index; }
  Counts counts() const;
  std::string reason(const Key& key) const;
  void for_each(const std::function<bool(const Item&)>& each, base::MessageId after) const;
  std::optional<SiteView> site(std::string_view name) const;
  LimitSettings limits_of(std::string_view site) const;
  std::vector<SiteView> sites_of(std::string_view domain) const;
  void for_each_site(const std::function<bool(const SiteView&)>& each, std::string_view after) const;

  // check.cpp
  std::string check() const;
  std::string check_some(std::optional<base::MessageId>& after, std::size_t most) const;

 private:
  struct NameOf {
    const Implementation* queue;
    std::string_view operator()(Index index) const { return queue->domain_of(index); }
  };
  struct Tally;

  // ---- items
  std::size_t& count(State state) { return counts_[static_cast<std::size_t>(state)]; }
  std::size_t count(State state) const { return counts_[static_cast<std::size_t>(state)]; }
  std::uint32_t& count_in(Index group, State state) { return groups_[group].counts[static_cast<std::size_t>(state)]; }
  const std::string& domain_of(Index record) const { return groups_[records_[record].group].name->first.first; }
  Index index_of(const Key& key) const { return by_id_.find(key.id, key.destination); }
  Item item_of(Index index) const;
  // Every change of state is leave() and enter().
  void leave(Index index);
  void enter(Index index, State state, At at = At::back);
  void move(Index index, State state, At at = At::back);
  void set_timer(Index index, base::WallTime time);
  void see(base::WallTime now) { now_ = std::max(now_, now); }

  // ---- grants
  int run_timers();
  void expire(Index index);
  void wake_sites();
  Work start_overdue();
  Index next_site();
  Work start_next(Index site);
  Grant take_slot(Index site, Index record);
  void free_slot(const Grant& grant, const SiteReport& report);
  std::uint32_t bytes_of(Index record) const;
  void back_to_due(Index record);
  void wake_stalled(Index site);
  std::optional<base::WallTime> next_event() const;
  bool may_start(Index site) const;

  // ---- sites
  Index intern_group(std::string_view domain, std::string_view via);
  Index intern_site(std::string_view name);
  void drop_group_if_empty(Index group);
  void drop_site_if_unused(Index site);
  void erase_site(Index site);
  void move_group(Index group, Index site);
  void move_item(Index record, std::string_view via);
  void refresh(Index site);
  void place(Index site, Site::Place place, base::WallTime wake = {});
  Share share_of(const Site& site) const;
  void choose_share(Index site);
  List& ring_of(Share share) { return rings_[static_cast<std::size_t>(share)]; }
  // Of a site, or of a destination or its domain; nullptr: it is not.
  const Suspension* suspension_of(std::string_view name) const;
  bool is_suspended(std::string_view name) const { return suspension_of(name) != nullptr; }
  void apply_suspensions();
  void suspend_group(Index group, bool suspended);
  void expire_suspensions();

  // ---- views
  SiteView view_of(Index site) const;
  SiteView::State state_of(const Site& site) const;
  std::string why_due_waits(Index group) const;
  std::string why_site_waits(const Site& site) const;

  // ---- check
  std::string_view check_item(base::MessageId id, Index index) const;
  std::string check_items(Tally& tally) const;
  std::string check_groups(Tally& tally) const;
  std::string check_sites(Tally& tally) const;

  Settings settings_;
  Shares shares_;         // grants that are out: connections and probes
  base::WallTime now_{};  // the latest heard of
  Slab<Record> records_;
  Slab<Group> groups_;
  Slab<Site> sites_;
  Turns turns_;
  GroupNames group_names_;
  SiteNames site_names_;
  IdIndex<NameOf> by_id_;
  // waiting: until the next attempt or the deadline; due: until the deadline.
  IndexHeap<Record, base::WallTime, ChunkedVector> timers_;
  IndexHeap<Site, base::WallTime> site_timers_;
  std::array<List, share_count> rings_;  // of sites that may start something: they take turns, and so do the shares
  std::size_t next_share_ = 0;
  List overdue_;    // due items whose deadline has passed
  List rule_held_;  // held items
  std::map<std::string, Suspension, std::less<>> suspensions_;
  base::WallTime suspension_ends_ = never;  // the earliest
  bool all_suspended_ = false;
  std::array<std::size_t, states> counts_{};
  std::size_t overdue_out_ = 0;  // grants that are out: overdue
  std::size_t lingering_ = 0;
  std::uint64_t created_ = 0;
  mutable Item found_;  // what find() points to: records are kept in another form
};

}  // namespace godwit::queue
