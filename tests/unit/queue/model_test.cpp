// SPDX-License-Identifier: Apache-2.0
// Random operations on the queue and on the same queue written to be seen to be right: maps, searched from end to end.
#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "godwit/base/random.hpp"
#include "queue/limit.hpp"
#include "unit/queue/queue_driver.hpp"

namespace godwit::queue {
namespace {

using namespace std::chrono_literals;

class Model {
 public:
  explicit Model(const Settings& settings) : settings_(settings) {}

  struct Entry {
    Item item;
    bool stalled = false, hold_pending = false, by_rule = false, urgent = false;
  };
  std::map<Key, Entry> items;
  std::map<std::string, std::string> site_of;  // by domain
  std::set<std::string> suspended;
  base::WallTime now = start;

  Limit& limit(const std::string& site) {
    const auto [at, added] = limits_.try_emplace(site);
    if (added) at->second.configure(settings_.sites.front().limits);
    return at->second;
  }
  std::string site(const std::string& domain) { return site_of.try_emplace(domain, domain).first->second; }
  void enter_due(Entry& entry) {
    entry.item.state = State::due;
    entry.stalled = false;
    entry.item.deadline = std::max(entry.item.deadline, now + std::min<base::Duration>((now - start) / 10, 1min));
  }
  void pass_time() {
    for (auto& [key, entry] : items)
      if (entry.item.state == State::waiting && std::min(entry.item.next_attempt, entry.item.deadline) <= now)
        enter_due(entry);
  }
  bool overdue(const Entry& entry) const { return entry.item.state == State::due && entry.item.deadline <= now; }
  bool may_start(const Entry& entry) {
    const auto& domain = entry.item.key.destination;
    const auto at = limit(site(domain)).ready_at();
    return entry.item.state == State::due && !overdue(entry) && at && *at <= now && has_slot(site(domain)) &&
           !suspended.contains("") && !suspended.contains(domain) && !suspended.contains(site(domain));
  }
  bool anything_to_do() {
    return std::ranges::any_of(items, [&](auto& each) { return overdue(each.second) || may_start(each.second); });
  }
  void wake_stalled(const std::string& of, bool site_came_up) {
    for (auto& [key, entry] : items)
      if (entry.stalled && (site_came_up ? site(key.destination) : key.destination) == of) enter_due(entry);
  }
  void ended(const Grant& grant, const std::string& at, const SiteReport& report) {
    if (grant.kind == Grant::Kind::overdue) return;
    --out[at];
    Limit& its = limit(at);
    const bool was_down = its.down();
    its.ended(grant.kind, report, settings_.retry, now);
    if (was_down && !its.down()) wake_stalled(at, true);
  }
  // Of the last item of a domain nothing remains but what its site knows.
  void forget(const std::string& domain) {
    if (std::ranges::none_of(items, [&](auto& each) { return each.first.destination == domain; }))
      site_of.erase(domain);
  }

  std::map<std::string, std::size_t> out;  // grants, by site

 private:
  // Nothing but mx1 and mx2 is ever what really receives.
  static bool is_routed(const std::string& site) { return site.starts_with("mx"); }
  bool has_slot(const std::string& site) {
    std::size_t lookups = 0, connections = 0, unproven = 0;
    for (const auto& [name, count] : out) {
      (is_routed(name) ? connections : lookups) += count;
      if (is_routed(name) && !limit(name).proven()) unproven += count;
    }
    if (!is_routed(site)) return lookups < settings_.connections;
    return connections < settings_.connections && (limit(site).proven() || unproven < settings_.connections * 4 / 5);
  }

  Settings settings_;
  std::map<std::string, Limit> limits_;
};

class Comparison {
 public:
  explicit Comparison(std::uint64_t seed)
      : random_(seed), settings_(make_settings()), queue_(settings_), model_(settings_) {}

  void step() {
    switch (random_.below(10)) {
      case 0:
      case 1:
        return add();
      case 2:
        return change(any_key());
      case 3:
        return suspend_or_resume();
      case 4:
      case 5:
      case 6:
        return finish();
      default:
        return start_one();
    }
  }
  void compare() {
    ASSERT_EQ(queue_.check(), "");
    ASSERT_EQ(queue_.counts().items, model_.items.size());
    for (const auto& [key, entry] : model_.items) {
      const Item* found = queue_.find(key);
      ASSERT_NE(found, nullptr);
      ASSERT_EQ(to_string(found->state), to_string(entry.item.state)) << key.id.value << " " << key.destination;
      ASSERT_EQ(found->attempts, entry.item.attempts);
      if (found->state == State::waiting || found->state == State::due) {
        ASSERT_EQ(found->deadline, entry.item.deadline);
      }
    }
  }

 private:
  struct Out {
    Key key;
    Grant grant;
    std::string site;
    bool joined = false;  // goes along with another, without a grant
  };

  Settings make_settings() {
    Settings settings;
    settings.connections = 5;
    settings.retry.first = 40s;
    const auto rate = random_.below(2) == 0 ? base::Rate{} : base::Rate{.count = 20, .period = 1min};
    settings.sites = {
        {.pattern = "*", .limits = {.connections = 1 + random_.below(3), .rate = rate, .adaptive = true}}};
    return settings;
  }
  Key any_key() {
    return key(1 + random_.below(25), std::string(1, static_cast<char>('a' + random_.below(4))) + ".example");
  }
  base::WallTime soon(std::uint64_t seconds) { return model_.now + std::chrono::seconds(random_.below(seconds)); }

  void add() {
    Item added = item(any_key());
    added.next_attempt = soon(100);
    if (random_.below(3) == 0) added.deadline = soon(300);
    if (random_.below(10) == 0) added.state = State::held;
    added.sender = {static_cast<std::uint32_t>(random_.below(3))};
    added.size = random_.below(100'000);
    const bool known = model_.items.contains(added.key);
    ASSERT_EQ(queue_.add(added), !known);
    if (!known) model_.items[added.key] = {.item = added};
  }

  void change(const Key& k) {
    const auto at = model_.items.find(k);
    const bool there = at != model_.items.end();
    const State state = there ? at->second.item.state : State::held;
    switch (random_.below(6)) {
      case 0:
        queue_.remove(k);
        model_.items.erase(k);
        return model_.forget(k.destination);
      case 1:
      case 2: {
        const bool by_rule = random_.below(2) == 0;
        queue_.hold(k, by_rule ? HoldBy::rule : HoldBy::administrator);
        if (!there) return;
        auto& entry = at->second;
        entry.by_rule = by_rule && (state != State::active || !entry.hold_pending || entry.by_rule);
        entry.stalled = false;
        if (state == State::active)
          entry.hold_pending = true;
        else
          entry.item.state = State::held;
        return;
      }
      case 3:
        queue_.release(k);
        if (there) at->second.hold_pending = false;
        if (there && state == State::held) {
          at->second.urgent = true;
          model_.enter_due(at->second);
        }
        return;
      case 4: {
        const auto held_by_rule = [](auto& each) {
          return each.second.item.state == State::held && each.second.by_rule;
        };
        const auto count = std::ranges::count_if(model_.items, held_by_rule);
        ASSERT_EQ(queue_.release_rule_held(), static_cast<std::size_t>(count));
        for (auto& each : model_.items)
          if (held_by_rule(each)) model_.enter_due(each.second);
        return;
      }
      default: {
        const bool can = there && (state == State::waiting || state == State::due);
        ASSERT_EQ(queue_.retry_now(k, model_.now), can);
        if (!can) return;
        model_.limit(model_.site(k.destination)).probe_now(model_.now);
        at->second.urgent = true;
        model_.enter_due(at->second);
      }
    }
  }

  void suspend_or_resume() {
    const std::string names[] = {"", "a.example", "mx1", "mx2"};
    const auto& name = names[random_.below(4)];
    if (random_.below(4) == 0) {
      queue_.suspend(name, {}, model_.now);
      model_.suspended.insert(name);
    } else {
      ASSERT_EQ(queue_.resume(name, model_.now), model_.suspended.erase(name) > 0);
    }
  }

  void start_one() {
    model_.now += std::chrono::seconds(random_.below(10));
    const Due due = queue_.due(model_.now);
    model_.pass_time();
    const auto* work = std::get_if<Work>(&due);
    if (work == nullptr) {
      ASSERT_FALSE(model_.anything_to_do());
      return;
    }
    auto& entry = model_.items.at(work->item.key);
    const bool overdue = work->grant.kind == Grant::Kind::overdue;
    const auto site = model_.site(work->item.key.destination);
    ASSERT_TRUE(overdue ? model_.overdue(entry) : model_.may_start(entry));
    entry.item.state = State::active;
    if (!overdue) {
      ++model_.out[site];
      ASSERT_EQ(model_.limit(site).start(model_.now), work->grant.kind);
    }
    out_.push_back({.key = work->item.key, .grant = work->grant, .site = site});
    if (overdue) return;
    const auto started = out_.size();
    if (random_.below(2) == 0) route(started - 1);
    if (out_.size() == started && random_.below(2) == 0) join(out_.back());
  }

  void join(Out with) {
    for (auto& [k, entry] : model_.items) {
      if (k.id != with.key.id || k == with.key) continue;
      const bool may_join = entry.item.state == State::due && !model_.overdue(entry) &&
                            model_.site(k.destination) == with.site && !model_.suspended.contains(k.destination);
      ASSERT_EQ(queue_.join(k, with.grant), may_join);
      if (!may_join) continue;
      entry.item.state = State::active;
      out_.push_back({.key = k, .grant = {}, .site = {}, .joined = true});
    }
  }

  void give_back(const Key& of) {
    queue_.give_back(of);
    const auto entry = model_.items.find(of);
    if (entry == model_.items.end() || entry->second.item.state != State::active) return;
    if (std::exchange(entry->second.hold_pending, false))
      entry->second.item.state = State::held;
    else
      model_.enter_due(entry->second);
  }

  void route(std::size_t at) {
    Out& out = out_[at];
    const std::string site = "mx" + std::to_string(1 + random_.below(2));
    const bool there = model_.items.contains(out.key) && model_.items.at(out.key).item.state == State::active;
    const auto grant = queue_.assign(out.key, out.grant, "", site, model_.now);
    ASSERT_TRUE(there);
    const std::string former = std::exchange(model_.site_of[out.key.destination], site);
    if (former != site) model_.wake_stalled(out.key.destination, false);
    if (out.site == site) {
      ASSERT_TRUE(grant);
      return;
    }
    model_.ended(out.grant, out.site, {});
    auto& entry = model_.items.at(out.key);
    model_.enter_due(entry);
    if (entry.urgent) model_.limit(site).probe_now(model_.now);
    const bool fits = model_.may_start(entry);
    ASSERT_EQ(grant.has_value(), fits);
    if (!fits) {
      out_.erase(out_.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    }
    entry.item.state = State::active;
    ++model_.out[site];
    ASSERT_EQ(model_.limit(site).start(model_.now), grant->kind);
    out.grant = *grant;
    out.site = site;
  }

  void finish() {
    if (out_.empty()) return;
    const auto at = out_.begin() + static_cast<std::ptrdiff_t>(random_.below(out_.size()));
    const Out out = *at;
    out_.erase(at);
    const SiteReport report{
        .kind = static_cast<SiteReport::Kind>(random_.below(4)), .reply = {}, .fraction = random_.fraction()};
    if (!out.joined) {
      queue_.ended(out.grant, report, model_.now);
      model_.ended(out.grant, out.site, report);
    } else if (random_.below(3) == 0) {
      return give_back(out.key);
    }
    const auto entry = model_.items.find(out.key);
    if (random_.below(3) == 0) {
      queue_.remove(out.key);
      model_.items.erase(out.key);
      return model_.forget(out.key.destination);
    }
    const Next next{.attempt = soon(60),
                    .attempts = 2,
                    .deadline = random_.below(2) == 0 ? never : soon(200),
                    .with_site = report.kind == SiteReport::Kind::dead};
    queue_.reschedule(out.key, next);
    if (entry == model_.items.end() || entry->second.item.state != State::active) return;
    auto& kept = entry->second;
    kept.item.next_attempt = next.attempt;
    kept.item.deadline = next.deadline;
    kept.item.attempts = 2;
    kept.urgent = false;
    const bool held = std::exchange(kept.hold_pending, false);
    kept.item.state = held ? State::held : State::waiting;
    kept.stalled = !held && next.with_site && model_.limit(model_.site(out.key.destination)).down();
  }

  base::SeededRandom random_;
  Settings settings_;
  Queue queue_;
  Model model_;
  std::vector<Out> out_;
};

TEST(QueueModel, RandomOperationsAgreeWithIt) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Comparison run(seed);
    for (int step = 0; step < 400; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      run.step();
      if (::testing::Test::HasFatalFailure()) return;
      run.compare();
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace godwit::queue
